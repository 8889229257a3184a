"""A registry of signed models over HTTP, for devices that are tortured while they read it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.device.update.signing import Registry
from tests.torture.device import MODEL, Life

from sagui.device.update.source import Source
from sagui.device.update.tuf_source import TufSource

AUDITED = frozenset(
    {
        "http.client.connect",
        "http.client.send",
        "open",
        "os.listdir",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "shutil.copyfile",
        "shutil.move",
        "socket.connect",
        "socket.getaddrinfo",
        "tempfile.mkstemp",
        "urllib.Request",
    }
)
"""What Python tells of the calls to the system that the TUF client makes by itself (PEP 578)."""


@contextmanager
def serving(models: Path) -> Iterator[None]:
    """Signs all bundles of a folder, and serves them until the block ends."""
    Registry(models / "signed", MODEL).publish(*sorted(models.glob(f"{MODEL}-*.sagui")))
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
        str(models / "signed"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().split(" port ")[1].split()[0]
            (models / "url").write_text(f"http://127.0.0.1:{port}")
            yield
        finally:
            server.kill()


def tuf_source(life: Life) -> Source:
    """Gives the source of a device that trusts the registry's first root."""
    models = life.world.models
    root = (models / "signed" / "metadata" / "1.root.json").read_bytes()
    return TufSource((models / "url").read_text(), root, life.world.folder / "trust", files=life.files)


def audit(meet: Callable[[str], None]) -> None:
    """Has something called before each call to the system, from now on and for ever; for a process that ends soon."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in AUDITED and not (event == "open" and "/__pycache__/" in str(arguments[0])):
            meet(event)

    sys.addaudithook(hook)
