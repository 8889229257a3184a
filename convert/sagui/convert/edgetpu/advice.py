"""How to come by the compiler. Text.

Google ships it for Debian on x86-64 alone (https://coral.ai/docs/edgetpu/compiler/#system-requirements). Its page still
adds the key with ``apt-key``, which Debian 13 no longer has; ``signed-by`` does the same on every Debian since 9.
"""

PROGRAM = "edgetpu_compiler"

_KEYRING = "/usr/share/keyrings/coral-edgetpu.gpg"
_KEY = "https://packages.cloud.google.com/apt/doc/apt-key.gpg"
_SOURCE = f"deb [signed-by={_KEYRING}] https://packages.cloud.google.com/apt coral-edgetpu-stable main"
_LIST = "/etc/apt/sources.list.d/coral-edgetpu.list"

DEBIAN = f"""\
sudo apt-get update && sudo apt-get install -y curl gnupg
curl -fsSL {_KEY} | sudo gpg --dearmor -o {_KEYRING}
echo "{_SOURCE}" | sudo tee {_LIST}
sudo apt-get update && sudo apt-get install -y edgetpu-compiler
{PROGRAM} --version
"""
"""Commands for Debian or Ubuntu on x86-64."""

DOCKERFILE = f"""\
FROM --platform=linux/amd64 debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl gnupg \\
 && curl -fsSL {_KEY} | gpg --dearmor -o {_KEYRING} \\
 && echo "{_SOURCE}" > {_LIST} \\
 && apt-get update && apt-get install -y --no-install-recommends edgetpu-compiler \\
 && rm -rf /var/lib/apt/lists/*
WORKDIR /work
ENTRYPOINT ["{PROGRAM}"]
"""
"""For any machine that runs containers."""

CONTAINER = f"""\
docker build --tag edgetpu-compiler - < Dockerfile
mkdir -p ~/.local/bin
cat > ~/.local/bin/{PROGRAM} <<'SCRIPT'
#!/bin/sh
exec docker run --rm --platform linux/amd64 --user "$(id -u):$(id -g)" --volume "$PWD:/work" edgetpu-compiler "$@"
SCRIPT
chmod +x ~/.local/bin/{PROGRAM}
{PROGRAM} --version
"""
"""Commands that build the container, and put a program of the compiler's name on the PATH that runs it."""


def install_advice() -> str:
    """Says how to come by the compiler, in several lines."""
    return (
        f"{PROGRAM} is not on the PATH. On Debian or Ubuntu, x86-64:\n\n{_indent(DEBIAN)}\n"
        f"Anywhere else, in a container, with this Dockerfile:\n\n{_indent(DOCKERFILE)}\n{_indent(CONTAINER)}"
    )


def _indent(text: str) -> str:
    return "".join(f"    {line}" for line in text.splitlines(keepends=True))
