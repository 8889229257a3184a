"""How a bare system becomes a device, as data. Pure rules, no I/O.

A step is two POSIX scripts with the same arguments: one says whether there is anything to do, one does it. All run as
root. Doing them again changes nothing.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from sagui.deploy.push.commands import SERVICE_USER, Device, script
from sagui.deploy.push.install.parts import Parts

CHANGED = "sagui-changed"

_HAVE = """
have() { test "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed; }
offered() { apt-cache show "$1" >/dev/null 2>&1; }
"""

# picamera2 of the system was built for the system's numpy: beside another major version of it, it cannot be imported.
_CONSTRAIN = """
try:
    import numpy
except ImportError:
    raise SystemExit
major = int(numpy.__version__.partition(".")[0])
print(f"numpy<{major + 1}")
if major < 2:
    print("opencv-python-headless<4.12")
"""


@dataclass(frozen=True)
class Layout:
    """Where things are on a device.

    Attributes:
        prefix: The virtual environment.
        settings: The agent's.
        state: Its folder.
        units: systemd's.
        python: The system's, the one that picamera2 is for.
    """

    prefix: str = "/opt/sagui"
    settings: str = "/etc/sagui/agent.toml"
    state: str = "/var/lib/sagui"
    units: str = "/etc/systemd/system"
    python: str = "/usr/bin/python3"

    @property
    def root(self) -> str:
        """The registry's root that the device trusts."""
        return str(PurePosixPath(self.settings).parent / "root.json")

    @staticmethod
    def of(device: Device) -> "Layout":
        """Follows where sagui is called."""
        return Layout(str(PurePosixPath(device.sagui).parents[1]), device.config)


@dataclass(frozen=True)
class Step:
    """One thing that must be so.

    Attributes:
        name: For a person.
        done: Exits with 0 if it is so already.
        do: Makes it so.
        arguments: Of both.
        follows: Whether it is done again when an earlier step changed something.
    """

    name: str
    done: str
    do: str
    arguments: tuple[str, ...] = ()
    follows: bool = False

    def command(self, *, changed: bool) -> list[str]:
        """What is run for it; prints `CHANGED` if there was something to do."""
        ask = "" if self.follows and changed else f"if (\n{self.done}\n) >/dev/null 2>&1; then exit 0; fi\n"
        return script(f"{ask}set -eu\numask 022\n{self.do}\necho {CHANGED}", *self.arguments)


def before_settings(layout: Layout, parts: Parts, place: str) -> tuple[Step, ...]:
    """What comes before a device's settings can be looked at.

    Args:
        layout: Where things go.
        parts: What was brought.
        place: Where on the device it lies.
    """
    model = f"{layout.prefix}/{parts.bundle.place}"
    steps = [_packages(), _user(layout), _folders(layout), _environment(layout)]
    if parts.wheel is not None:
        steps.append(_sagui(layout, f"{place}/{parts.wheel.place}", parts.wheel.sha256))
    if parts.root is not None:
        steps.append(_file("trusted root", f"{place}/{parts.root.place}", layout.root, "root", "644"))
    # The settings name this model; a device that has settings has a model.
    first = _file("first model", f"{place}/{parts.bundle.place}", model, "root", "644")
    steps.append(Step(first.name, 'test -e "$5"', first.do, (*first.arguments, layout.settings)))
    steps.append(_file("settings", f"{place}/agent.toml", layout.settings, SERVICE_USER, "640"))
    return tuple(steps)


def service(layout: Layout, parts: Parts, place: str) -> Step:
    """The agent as a service, started; restarted if anything changed."""
    return Step(
        "service",
        'cmp -s "$1" "$2/$3" && systemctl is-enabled --quiet "$3" && systemctl is-active --quiet "$3"',
        'cp "$1" "$2/.$3.new"; chmod 644 "$2/.$3.new"; mv "$2/.$3.new" "$2/$3"\n'
        'systemctl daemon-reload; systemctl enable --quiet "$3"; systemctl restart "$3"',
        (f"{place}/{parts.unit.place}", layout.units, parts.unit.place),
        follows=True,
    )


def _packages() -> Step:
    return Step(
        "packages",
        _HAVE + "have python3-venv || exit 1\noffered python3-picamera2 || exit 0\nhave python3-picamera2",
        _HAVE
        + "export DEBIAN_FRONTEND=noninteractive\n"
        # A system that was just started looks for updates by itself, and holds the lock meanwhile.
        + 'apt() { apt-get -q -y -o DPkg::Lock::Timeout=600 "$@"; }\n'
        + "apt update\n"
        + "apt install --no-install-recommends python3-venv\n"
        + "if offered python3-picamera2; then apt install --no-install-recommends python3-picamera2; fi",
    )


def _user(layout: Layout) -> Step:
    return Step(
        f"user {SERVICE_USER}",
        'getent passwd "$1"',
        'useradd --system --user-group --home-dir "$2" --no-create-home --shell /usr/sbin/nologin "$1"\n'
        # Cameras and the Edge TPU, as far as this system has the groups.
        "for group in video plugdev; do\n"
        '  if getent group "$group" >/dev/null; then usermod --append --groups "$group" "$1"; fi\n'
        "done",
        (SERVICE_USER, layout.state),
    )


def _folders(layout: Layout) -> Step:
    return Step(
        "folders",
        'test -d "$1" && test -d "$2"',
        'mkdir -p "$1" "$2"; chown "$3:$3" "$2"; chmod 750 "$2"',
        (str(PurePosixPath(layout.settings).parent), layout.state, SERVICE_USER),
    )


def _environment(layout: Layout) -> Step:
    return Step(
        "environment",
        '"$1/bin/python" -m pip --version',
        '"$2" -m venv --system-site-packages "$1"',
        (layout.prefix, layout.python),
    )


def _sagui(layout: Layout, wheel: str, sha256: str) -> Step:
    return Step(
        "sagui",
        'test "$(cat "$1/wheel.sha256")" = "$3" && "$1/bin/sagui" --version',
        "constraint=$(mktemp)\n"
        "trap 'rm -f \"$constraint\"' EXIT\n"
        '"$4" -c "$5" >"$constraint"\n'
        "python=$1/bin/python\n"
        'install() { "$python" -m pip install --quiet --no-input --disable-pip-version-check "$@"; }\n'
        'install --constraint "$constraint" "sagui[update] @ file://$2"\n'
        # pip keeps an installed wheel of the same version, whatever is in the new one.
        'install --no-deps --force-reinstall "$2"\n'
        'printf %s "$3" >"$1/wheel.sha256"',
        (layout.prefix, wheel, sha256, layout.python, _CONSTRAIN),
    )


def _file(name: str, source: str, target: str, group: str, mode: str) -> Step:
    """A file that is put in its place whole, unless one is there."""
    return Step(
        name,
        'test -e "$2"',
        'umask 077; cp "$1" "$2.new"; chgrp "$3" "$2.new"; chmod "$4" "$2.new"; mv "$2.new" "$2"',
        (source, target, group, mode),
    )
