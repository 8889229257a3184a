"""A bare system is set up behind a real OpenSSH server; what would change this machine is a stand-in that notes it."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sagui.deploy.push import deliver as story
from sagui.deploy.push.command import push as command
from sagui.deploy.push.errors import PushError
from sagui.deploy.push.install.parts import gather, own_unit
from sagui.deploy.push.install.settings import device_name, first_settings
from sagui.deploy.push.install.steps import Layout
from sagui.deploy.push.parcel import bare_parcel
from sagui.device.config.merge import examine
from sagui.device.config.read import read_settings

NOTING = """#!/bin/sh
echo "${{0##*/}} $*" >>"{log}"
"""

PYTHON = """#!/bin/sh
# A system's Python: makes an environment with a pip that notes what it is told.
case "$1 $2" in
"-m venv") mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo "venv $*" >>"{log}" ;;
"-m pip")
  test "$3" = --version && exit 0
  echo "pip $*" >>"{log}"
  while [ $# -gt 1 ]; do case "$1" in --constraint) cp "$2" "{log}.constraint" ;; esac; shift; done
  test -e "{log}.broken" && {{ echo "ERROR: No space left" >&2; exit 1; }}
  cp "{sagui}" "${{0%/*}}/sagui" ;;
*) exec python3 "$@" ;;
esac
"""

# Knows what useradd and apt-get did, by what they noted.
GETENT = """#!/bin/sh
case "$1" in group) exit 0 ;; esac
grep -q "^useradd .* $2$" "{log}"
"""
DPKG = """#!/bin/sh
for last; do :; done
grep -q "^apt-get .*install.* $last$" "{log}" && printf installed
"""
SYSTEMCTL = """#!/bin/sh
case "$1" in is-*) grep -q "^systemctl restart" "{log}"; exit ;; esac
echo "systemctl $*" >>"{log}"
"""
SUDO = """#!/bin/sh
echo "sudo $1 $2 $3" >>"{log}.sudo"
while [ "$1" != -- ]; do shift; done; shift
exec "$@"
"""


class Bare:
    """A device with nothing on it."""

    def __init__(self, sshd: Any, standin: Any, folder: Path) -> None:
        self.log = folder / "log"
        self.log.touch()
        self.layout = Layout(
            str(folder / "opt"),
            str(folder / "etc" / "agent.toml"),
            str(folder / "state"),
            str(folder / "units"),
            str(folder / "python3"),
        )
        (folder / "units").mkdir()
        self.sshd = sshd
        for name in ("useradd", "usermod", "chown", "chgrp", "apt-get"):
            sshd.stand_in(name, NOTING.format(log=self.log))
        sshd.stand_in("apt-cache", "#!/bin/sh\nexit 0\n")
        sshd.stand_in("id", "#!/bin/sh\necho pi\n")
        sshd.stand_in("uname", '#!/bin/sh\ntest "$1" = -n && echo Porch.local || echo aarch64\n')
        for name, text in {"getent": GETENT, "dpkg-query": DPKG, "systemctl": SYSTEMCTL, "sudo": SUDO}.items():
            sshd.stand_in(name, text.format(log=self.log))
        # The environment gets the stand-in for sagui; its notes and orders stay where they are.
        program = folder / "sagui.sh"
        program.write_text((standin.folder / "sagui").read_text().replace("here=${0%/*}", f"here={standin.folder}"))
        program.chmod(0o755)
        python = Path(self.layout.python)
        python.write_text(PYTHON.format(log=self.log, sagui=program))
        python.chmod(0o755)

    @property
    def did(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def bare(sshd: Any, standin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bare:
    monkeypatch.setattr(story, "_LOOK_EVERY_S", 0.05)
    folder = tmp_path / "bare"
    folder.mkdir()
    device = Bare(sshd, standin, folder)
    monkeypatch.setattr(Layout, "of", lambda _: device.layout)
    return device


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path / "sagui-0.1.0-py3-none-any.whl")


def make_wheel(path: Path, name: str = "sagui", module: str = "sagui/device/start.py") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(module, "")
        archive.writestr("sagui-0.1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: 0.1.0\n")
    return path


@pytest.fixture
def install(bare: Bare, toy_bundle: Path, registry: Path, client_key: Path, tmp_path: Path) -> Callable[..., Result]:
    def run(*options: Any) -> Result:
        known = tmp_path / "known_hosts"
        known.write_text(bare.sshd.known)
        words = ["--identity", client_key, "--known-hosts", known, "--registry", registry, "--install", *options]
        words += ["--remote-sagui", f"{bare.layout.prefix}/bin/sagui", "--config", bare.layout.settings]
        return CliRunner().invoke(command, [bare.sshd.host, str(toy_bundle), *map(str, words)])

    return run


def test_a_bare_system_becomes_a_device_with_the_model(
    install: Any, bare: Bare, wheel: Path, standin: Any, registry: Path, toy_bundle: Path
) -> None:
    result = install("--wheel", wheel)
    assert result.exit_code == 0, result.output
    assert "toy 1.2.3 confirmed" in result.output
    did = "\n".join(bare.did)
    for step in ("packages", "user sagui", "folders", "environment", "sagui", "trusted root", "settings", "service"):
        assert f"setting up: {step}\n" in result.output
    assert "install --no-install-recommends python3-picamera2" in did
    assert "useradd --system --user-group" in did
    assert "usermod --append --groups plugdev sagui" in did
    assert "--system-site-packages" in did
    assert Path(bare.layout.root).read_bytes() == (registry / "metadata" / "1.root.json").read_bytes()
    assert (Path(bare.layout.prefix) / "toy-1.2.3.sagui").read_bytes() == toy_bundle.read_bytes()
    unit = Path(bare.layout.units) / "sagui-device.service"
    assert unit.read_bytes() == own_unit().read_bytes()
    assert [line for line in bare.did if line.startswith("systemctl")] == [
        "systemctl daemon-reload",
        "systemctl enable --quiet sagui-device.service",
        "systemctl restart sagui-device.service",
    ]
    assert bare.sshd.left() == []


def test_sagui_is_never_asked_of_an_index(install: Any, bare: Bare, wheel: Path) -> None:
    install("--wheel", wheel)
    asked = [line for line in bare.did if line.startswith("pip") and "install" in line]
    assert asked
    assert all(f"/{wheel.name}" in line for line in asked)
    assert any("sagui[update] @ file:///" in line for line in asked)
    assert (bare.log.parent / "log.constraint").read_text().startswith("numpy<")


def test_again_it_changes_nothing(install: Any, bare: Bare, wheel: Path) -> None:
    assert install("--wheel", wheel).exit_code == 0
    before = bare.did
    settings = Path(bare.layout.settings)
    settings.write_text("# mine\n")
    result = install("--wheel", wheel)
    assert result.exit_code == 0, result.output
    assert bare.did == before
    assert settings.read_text() == "# mine\n"


def test_another_wheel_is_installed_and_the_agent_restarted(install: Any, bare: Bare, wheel: Path) -> None:
    install("--wheel", wheel)
    before = len(bare.did)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("sagui/more.py", "")
    assert install("--wheel", wheel).exit_code == 0
    after = bare.did[before:]
    assert any("--force-reinstall" in line for line in after)
    assert after[-1] == "systemctl restart sagui-device.service"
    assert not any(line.startswith(("apt-get", "useradd", "venv")) for line in after)


def test_the_first_settings_are_read_by_the_agent(install: Any, bare: Bare, wheel: Path) -> None:
    install("--wheel", wheel)
    read, problems = examine(read_settings(Path(bare.layout.settings)), {})
    assert problems == ()
    assert read.update.root == bare.layout.root
    assert read.device == "porch"
    assert read.model == f"{bare.layout.prefix}/toy-1.2.3.sagui"
    assert Path(bare.layout.settings).stat().st_mode & 0o777 == 0o640


def test_settings_that_lack_something_are_said_and_the_agent_is_not_started(
    install: Any, bare: Bare, wheel: Path, standin: Any
) -> None:
    standin.on("check", 'echo "missing for a start: broker.url: set url in [broker] in the file"')
    result = install("--wheel", wheel)
    assert result.exit_code == 1
    assert f"set up, but its settings lack broker.url: edit {bare.layout.settings} there, then push" in result.output
    assert not [line for line in bare.did if line.startswith("systemctl")]
    standin.on("check", 'echo "Error: agent.toml:3: no such key" >&2; exit 1')
    assert "agent.toml:3: no such key" in install("--wheel", wheel).output


def test_settings_may_be_given_and_stay_private(install: Any, bare: Bare, wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "porch.toml").write_text('device = "porch"\n')
    assert install("--wheel", wheel, "--settings", tmp_path / "porch.toml").exit_code == 0
    settings = Path(bare.layout.settings)
    assert settings.read_text() == 'device = "porch"\n'
    assert settings.stat().st_mode & 0o777 == 0o640
    assert f"chgrp sagui {settings}.new" in bare.did


def test_a_sudo_that_asks_for_a_password_is_said_before_anything_changes(install: Any, bare: Bare, wheel: Path) -> None:
    bare.sshd.stand_in("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    result = install("--wheel", wheel)
    assert result.exit_code == 1
    assert "setting up needs root: sudo asks for a password there" in result.output
    assert bare.did == []
    assert bare.sshd.left() == []


def test_a_bare_device_wants_a_wheel(install: Any, bare: Bare) -> None:
    result = install()
    assert "no sagui there yet: give it one with --wheel" in result.output
    assert bare.did == []


def test_a_step_that_fails_is_named(install: Any, bare: Bare, wheel: Path) -> None:
    (bare.log.parent / "log.broken").touch()
    result = install("--wheel", wheel)
    assert "setting up failed at sagui: ERROR: No space left" in result.output
    assert not [line for line in bare.did if line.startswith("systemctl")]
    (bare.log.parent / "log.broken").unlink()
    assert install("--wheel", wheel).exit_code == 0


def test_an_old_python_is_refused(install: Any, bare: Bare, wheel: Path) -> None:
    bare.sshd.stand_in("python3", "#!/bin/sh\necho 3.9.2\n")
    assert "Python 3.9.2, and sagui needs 3.11; flash Raspberry Pi OS Bookworm" in install("--wheel", wheel).output
    assert bare.did == []


def test_a_wheel_of_another_project_is_refused(install: Any, bare: Bare, tmp_path: Path) -> None:
    for path in (make_wheel(tmp_path / "a.whl", name="other"), make_wheel(tmp_path / "b.whl", module="sagui/ant.py")):
        assert "is no wheel of this sagui" in str(install("--wheel", path).exception)
    (tmp_path / "c.whl").write_bytes(b"no")
    assert "is no wheel; build one" in str(install("--wheel", tmp_path / "c.whl").exception)
    assert bare.did == []


def test_a_wheel_without_install_is_a_mistake(toy_bundle: Path, wheel: Path, registry: Path) -> None:
    words = ["pi@porch", toy_bundle, "--registry", registry, "--wheel", wheel]
    result = CliRunner().invoke(command, list(map(str, words)))
    assert result.exit_code == 2
    assert "add --install" in result.output


def test_an_unsigned_device_gets_no_root(toy_bundle: Path) -> None:
    parts = gather(bare_parcel(toy_bundle), None, None, None, None)
    assert parts.root is None
    assert "[update]" not in first_settings("porch", "/x.sagui", None)


def test_a_unit_may_be_named_and_must_be_there(toy_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(PushError, match=r"mine\.service: cannot be read"):
        gather(bare_parcel(toy_bundle), None, None, None, tmp_path / "mine.service")
    (tmp_path / "mine.service").write_text("[Service]\n")
    assert gather(bare_parcel(toy_bundle), None, None, None, tmp_path / "mine.service").unit.place == "mine.service"


def test_an_installed_sagui_brings_the_unit_of_the_clone(root: Path) -> None:
    packaged = root / "deploy" / "sagui" / "deploy" / "provision" / "on_card" / own_unit().name
    assert own_unit() == root / "deploy" / "systemd" / "sagui-device.service"
    assert packaged.read_bytes() == own_unit().read_bytes()


@pytest.mark.parametrize(
    ("host", "name"),
    [("porch", "porch"), ("Raspberry_Pi.lan", "raspberry-pi"), ("", "device"), ("--", "device"), ("x" * 80, "x" * 63)],
)
def test_a_device_is_named_after_its_host(host: str, name: str) -> None:
    assert device_name(host) == name
