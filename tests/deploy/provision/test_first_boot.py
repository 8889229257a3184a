"""What happens on the Raspberry Pi: the real script, in a folder that stands for its root.

There are stand-ins for what would change this machine, and for sync, which waits for all of its disks.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sagui.deploy.provision.card import card_files
from sagui.deploy.provision.order import Credentials, Order, System, Updates
from sagui.deploy.provision.partition import inspect
from sagui.deploy.provision.wifi import Wifi, join
from sagui.deploy.provision.write import write_card

_CREDENTIALS = Credentials(b"ca\n", b"certificate\n", b"the-key\n", b"porch\n", b"hunter2\n")
_PYTHON = """#!/bin/bash
echo "python $*" >>"$CALLS"
[ "$1" = - ] && exec /usr/bin/env python3 "$@"
home="${!#}"
mkdir -p "$home/bin"
for name in pip sagui; do
  printf '#!/bin/bash\\necho "%s $*" >>"$CALLS"\\n[ -z "$FAIL" ] || [ "$FAIL" != %s ]\\n' $name $name >"$home/bin/$name"
  chmod +x "$home/bin/$name"
done
"""
_RUNUSER = '#!/bin/bash\necho "runuser $*" >>"$CALLS"\nshift 3\nexec "$@"\n'
_ID = '#!/bin/bash\n[ "$1" = sagui ] && exit 1\nexec /usr/bin/id "$@"\n'


@dataclass
class Pi:
    """A Raspberry Pi whose root is a folder."""

    root: Path
    bin: Path

    def run(self, *part: str, fail: str = "", expect: int = 0) -> str:
        owner = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        environment = os.environ | {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "SAGUI_ROOT": str(self.root),
            "SAGUI_OWNER": owner,
            "SAGUI_PYTHON": str(self.bin / "python"),
            "SAGUI_CLOCK_TRIES": "1",
            "CALLS": str(self.root / "calls"),
            "FAIL": fail,
        }
        script = self.kept / "first-boot.sh" if part[0] == "install" else self.card / "first-boot.sh"
        done = subprocess.run(["bash", script, *part], capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    @property
    def boot(self) -> Path:
        return self.root / "boot" / "firmware"

    @property
    def card(self) -> Path:
        return self.boot / "sagui"

    @property
    def kept(self) -> Path:
        return self.root / "usr/local/lib/sagui"

    @property
    def etc(self) -> Path:
        return self.root / "etc/sagui"

    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    stand_ins = tmp_path / "bin"
    stand_ins.mkdir()
    for name in ("groupadd", "useradd", "systemctl", "apt-get", "timedatectl", "sleep", "sync"):
        says = {"timedatectl": "echo yes\n", "sync": ""}.get(name, f'echo "{name} $*" >>"$CALLS"\n')
        (stand_ins / name).write_text(f'#!/bin/bash\n{says}[ "$FAIL" != {name} ]\n')
    for name, text in (("python", _PYTHON), ("runuser", _RUNUSER), ("id", _ID)):
        (stand_ins / name).write_text(text)
    for path in stand_ins.iterdir():
        path.chmod(0o755)
    root = tmp_path / "root"
    (root / "boot").mkdir(parents=True)
    (root / "var/tmp").mkdir(parents=True)
    return Pi(root, stand_ins)


@pytest.fixture
def insert(pi: Pi, trixie: Path, bookworm: Path) -> Callable[[Order, System], Pi]:
    """Writes the card, and puts it into the Raspberry Pi."""

    def put(order: Order, system: System = "trixie") -> Pi:
        partition = inspect(trixie if system == "trixie" else bookworm, None)
        write_card(partition, card_files(order, system, partition.cmdline))
        partition.folder.rename(pi.boot)
        return pi

    return put


def test_from_a_card_to_an_agent(insert: Callable[..., Pi], make_order: Callable[..., Order]) -> None:
    pi = insert(make_order(credentials=_CREDENTIALS))
    pi.run("begin")
    useradd = "useradd --system --user-group --groups video,plugdev --home-dir /var/lib/sagui"
    useradd += " --shell /usr/sbin/nologin sagui"
    assert pi.calls() == [
        "groupadd --force --system video",
        "groupadd --force --system plugdev",
        useradd,
        "systemctl daemon-reload",
        "systemctl enable sagui-first-boot.service",
        "systemctl start --no-block sagui-first-boot.service",
    ]
    (pi.root / "calls").unlink()
    pi.run("install")
    home = pi.root / "opt/sagui"
    pip = f"pip install --no-input --disable-pip-version-check --quiet --constraint {pi.kept}/constraints.txt"
    apt = "apt-get -o DPkg::Lock::Timeout=600 -qq"
    assert [call for call in pi.calls() if not call.startswith("python -")] == [
        f"{apt} update",
        f"{apt} --yes --no-install-recommends install python3-venv avahi-daemon python3-picamera2",
        f"{pip} sagui[update] @ file://{pi.card}/sagui-0.1.0-py3-none-any.whl",
        f"sagui config check {pi.etc}/agent.toml",
        "systemctl daemon-reexec",
        "systemctl enable --now sagui-device.service",
        "systemctl disable sagui-first-boot.service",
    ]
    assert f"python -m venv --clear --system-site-packages {home}" in pi.calls()
    assert (home / "pets-1.4.0.sagui").read_bytes() == (pi.card / "pets-1.4.0.sagui").read_bytes()
    assert "WatchdogSec=60" in (pi.root / "etc/systemd/system/sagui-device.service").read_text()
    assert "RuntimeWatchdogSec" in (pi.root / "etc/systemd/system.conf.d/90-sagui-watchdog.conf").read_text()
    assert "the agent runs" in (pi.card / "first-boot.log").read_text()


def test_secrets_leave_the_card_and_are_private(insert: Callable[..., Pi], make_order: Callable[..., Order]) -> None:
    pi = insert(make_order(credentials=_CREDENTIALS))
    said = pi.run("begin")
    for name, content in (("agent.key", "the-key\n"), ("mqtt-user", "porch\n"), ("mqtt-password", "hunter2\n")):
        assert (pi.etc / name).read_text() == content
        assert (pi.etc / name).stat().st_mode & 0o777 == 0o600
    assert (pi.etc / "agent.toml").stat().st_mode & 0o777 == 0o600
    assert (pi.etc / "ca.crt").read_text() == "ca\n"
    assert not (pi.card / "secrets").exists()
    left = b"".join(path.read_bytes() for path in pi.boot.rglob("*") if path.is_file())
    assert b"the-key" not in left
    assert b"hunter2" not in left
    assert "hunter2" not in said


def test_a_power_cut_while_secrets_are_taken(insert: Callable[..., Pi], make_order: Callable[..., Order]) -> None:
    pi = insert(make_order(credentials=_CREDENTIALS))
    taken = (pi.card / "secrets" / "mqtt-password").read_bytes()
    pi.run("begin", fail="systemctl", expect=1)
    # The copy was there already, and the original still.
    (pi.card / "secrets").mkdir()
    (pi.card / "secrets" / "mqtt-password").write_bytes(taken)
    (pi.etc / "mqtt-password.new").write_bytes(b"hun")
    pi.run("begin")
    assert (pi.etc / "mqtt-password").read_text() == "hunter2\n"
    assert not (pi.card / "secrets").exists()
    assert not (pi.etc / "mqtt-password.new").exists()


@pytest.mark.parametrize("step", ["apt-get", "pip", "sagui", "systemctl"])
def test_whatever_fails_is_done_again(insert: Callable[..., Pi], make_order: Callable[..., Order], step: str) -> None:
    pi = insert(make_order(credentials=_CREDENTIALS))
    pi.run("begin")
    pi.run("install", fail=step, expect=1)
    assert not (pi.kept / "first-boot.done").exists()
    assert "systemctl disable sagui-first-boot.service" not in pi.calls()
    if step != "systemctl":
        assert "systemctl enable --now sagui-device.service" not in pi.calls()
    begun = [call for call in pi.calls() if "-m venv" in call]
    pi.run("install")
    again = [call for call in pi.calls() if "-m venv" in call]
    assert len(again) == 1 + (step == "pip"), "what pip left half done is begun anew, and only that"
    assert again[: len(begun)] == begun
    assert (pi.kept / "first-boot.done").exists()
    before = pi.calls()
    assert "done already" in pi.run("install")
    assert pi.calls() == before


def test_without_a_clock_nothing_is_fetched(insert: Callable[..., Pi], make_order: Callable[..., Order]) -> None:
    pi = insert(make_order())
    pi.run("begin")
    (pi.bin / "timedatectl").write_text("#!/bin/bash\necho no\n")
    assert "no network, or no time" in pi.run("install", expect=1)
    assert not [call for call in pi.calls() if call.startswith(("apt-get", "pip"))]


@pytest.mark.parametrize("psk", ["0" * 64, "0123456789abcdef" * 4, "e" * 64, "1e" * 32])
def test_the_key_of_the_wifi_leaves_the_card_when_the_system_has_it(
    insert: Callable[..., Pi], make_order: Callable[..., Order], psk: str
) -> None:
    pi = insert(make_order(wifi=Wifi("home", psk, "DE")))
    pi.run("begin")
    kept = pi.root / "etc/netplan/50-cloud-init.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_bytes((pi.boot / "network-config").read_bytes())
    pi.run("install")
    assert psk not in (pi.boot / "network-config").read_text()
    assert "home" in (pi.boot / "network-config").read_text()
    assert "disabled" in (pi.root / "etc/cloud/cloud.cfg.d/99-sagui-network.cfg").read_text()


def test_the_key_stays_where_it_is_nowhere_else(insert: Callable[..., Pi], make_order: Callable[..., Order]) -> None:
    wifi = join("home", "correct horse", "DE")
    pi = insert(make_order(wifi=wifi))
    pi.run("begin")
    assert "nowhere else was it found" in pi.run("install")
    assert wifi.psk in (pi.boot / "network-config").read_text()
    assert not (pi.root / "etc/cloud").exists()


def test_bookworm_waits_for_its_reboot_and_has_the_wifi(
    insert: Callable[..., Pi], make_order: Callable[..., Order]
) -> None:
    wifi = join("home", "correct horse", "DE")
    pi = insert(make_order(wifi=wifi), "bookworm")
    pi.run("begin", "later")
    assert not [call for call in pi.calls() if call.startswith("systemctl start")]
    connection = pi.root / "etc/NetworkManager/system-connections/sagui.nmconnection"
    assert f"psk={wifi.psk}" in connection.read_text()
    assert connection.stat().st_mode & 0o777 == 0o600
    assert wifi.psk.encode() not in b"".join(path.read_bytes() for path in pi.boot.rglob("*") if path.is_file())
    pi.run("install")


def test_a_signed_model_is_installed_by_its_signatures_before_the_agent_starts(
    insert: Callable[..., Pi], make_order: Callable[..., Order]
) -> None:
    pi = insert(make_order(updates=Updates(b"root", carried={"metadata/timestamp.json": b"{}"})))
    pi.run("begin")
    pi.run("install")
    asked = f"sagui update install pets==1.4.0 --config {pi.etc}/agent.toml"
    asked += f" --registry file://{pi.card}/registry --root {pi.etc}/root.json"
    calls = pi.calls()
    assert calls.index(asked) < calls.index("systemctl enable --now sagui-device.service")
    assert (pi.etc / "root.json").read_text() == "root"
    assert (pi.root / "var/lib/sagui").stat().st_mode & 0o777 == 0o750


def test_a_model_that_the_card_did_not_keep(insert: Callable[..., Pi], make_order: Callable[..., Order]) -> None:
    pi = insert(make_order())
    pi.run("begin")
    path = pi.card / "pets-1.4.0.sagui"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert "FAILED" in pi.run("install", expect=1)
    assert not (pi.root / "opt/sagui/pets-1.4.0.sagui").exists()
    assert "systemctl enable --now sagui-device.service" not in pi.calls()


def test_the_systems_numpy_decides_which_wheels_fit(
    insert: Callable[..., Pi], make_order: Callable[..., Order]
) -> None:
    pi = insert(make_order())
    pi.run("begin")
    fake = pi.root / "fake" / "numpy"
    fake.mkdir(parents=True)
    for version, limits in (("1.24.2", "numpy<2\nopencv-python-headless<4.12\n"), ("2.2.4", "numpy<3\n")):
        (fake / "__init__.py").write_text(f"__version__ = {version!r}\n")
        python = _PYTHON.replace("/usr/bin/env python3", f"env PYTHONPATH={fake.parent} python3")
        (pi.bin / "python").write_text(python)
        (pi.kept / "first-boot.done").unlink(missing_ok=True)
        (pi.root / "opt/sagui/installed").unlink(missing_ok=True)
        pi.run("install")
        assert (pi.kept / "constraints.txt").read_text() == limits


def test_a_usb_camera_has_an_environment_of_its_own(
    insert: Callable[..., Pi], make_order: Callable[..., Order]
) -> None:
    pi = insert(make_order(camera="usb:0", sagui="acme-sagui[update]==1.0"))
    pi.run("begin")
    pi.run("install")
    assert f"python -m venv --clear {pi.root}/opt/sagui" in pi.calls()
    assert (pi.kept / "constraints.txt").read_text() == ""
    assert next(call for call in pi.calls() if call.startswith("pip")).endswith(" acme-sagui[update]==1.0")


def test_shellcheck_finds_no_fault(program: Callable[[str], str], root: Path) -> None:
    script = root / "deploy/sagui/deploy/provision/on_card/first-boot.sh"
    subprocess.run(["bash", "-n", script], check=True)
    done = subprocess.run([program("shellcheck"), script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_says_how_it_is_used(insert: Callable[..., Pi], make_order: Callable[..., Order]) -> None:
    pi = insert(make_order())
    assert "usage" in pi.run("other", expect=2)
