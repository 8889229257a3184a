"""`sagui provision`, as a person calls it."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.deploy.provision.certificates import make_pair

from sagui.deploy.provision import wheel as building
from sagui.deploy.provision.command import provision
from sagui.deploy.provision.wifi import derive
from sagui.errors import SaguiError

_Snapshot = Callable[[Path], dict[str, bytes]]
Provision = Callable[..., Result]


@pytest.fixture
def call(bundle: Path, ssh_key: Path, wheel: Path) -> Provision:
    """Calls with what must be given, and what a test adds to it."""
    needed = ["--hostname", "porch", "--broker", "mqtts://broker.local", "--model", str(bundle)]
    needed += ["--ssh-key", str(ssh_key), "--wheel", str(wheel)]

    def run(card: Path, *more: object, answer: str = "") -> Result:
        return CliRunner().invoke(provision, [str(card), *needed, *map(str, more)], input=answer)

    return run


def test_a_card_is_written_and_the_next_steps_are_told(call: Provision, trixie: Path) -> None:
    done = call(trixie)
    assert done.exit_code == 0, done.output
    assert (trixie / "user-data").read_text().startswith("#cloud-config\n# Written by sagui provision.\n")
    assert "written for Raspberry Pi OS Trixie" in done.output
    assert "sagui/porch/availability" in done.output
    assert "ssh pi@porch.local" in done.output
    assert "can read what is on it" in done.stderr


def test_bookworm(call: Provision, bookworm: Path) -> None:
    assert call(bookworm).exit_code == 0
    assert "first-boot.sh begin later" in (bookworm / "firstrun.sh").read_text()
    assert "systemd.run=/boot/firmware/firstrun.sh" in (bookworm / "cmdline.txt").read_text()
    assert not (bookworm / "user-data").exists()


def test_the_wifis_password_is_asked_for_and_not_kept(
    call: Provision, trixie: Path, snapshot: _Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagui.deploy.provision.command._can_ask", lambda: True)
    done = call(trixie, "--wifi", "home", "--wifi-country", "de", answer="correct horse\n")
    assert done.exit_code == 0, done.output
    assert "Password of the Wi-Fi home" in done.output
    assert "correct horse" not in done.output
    assert not [path for path, content in snapshot(trixie).items() if b"correct horse" in content]
    assert derive("home", "correct horse") in (trixie / "network-config").read_text()


def test_without_a_terminal_the_file_for_the_wifis_password_is_named(
    call: Provision, trixie: Path, snapshot: _Snapshot
) -> None:
    before = snapshot(trixie)
    done = call(trixie, "--wifi", "home", "--wifi-country", "de", answer="correct horse\n")
    assert isinstance(done.exception, SaguiError)
    assert "--wifi-password-file" in str(done.exception)
    assert snapshot(trixie) == before


def test_there_is_no_option_for_a_password() -> None:
    options = {name for parameter in provision.params for name in parameter.opts}
    assert "--wifi-password-file" in options
    assert not {name for name in options if "password" in name and not name.endswith("-file")}


def test_a_dry_run_shows_all_but_the_secrets_and_writes_nothing(
    call: Provision, trixie: Path, tmp_path: Path, snapshot: _Snapshot
) -> None:
    before = snapshot(trixie)
    for name, text in (("wifi", "correct horse\n"), ("user", "porch\n"), ("password", "hunter2\n")):
        (tmp_path / name).write_text(text)
    done = call(
        *(trixie, "--dry-run", "--wifi", "home", "--wifi-country", "DE", "--wifi-password-file", tmp_path / "wifi"),
        *("--mqtt-user-file", tmp_path / "user", "--mqtt-password-file", tmp_path / "password"),
    )
    assert done.exit_code == 0, done.output
    assert snapshot(trixie) == before
    assert "--- user-data\n#cloud-config" in done.output
    assert "--- sagui/secrets/mqtt-password\n(not shown)" in done.output
    assert 'device = "porch"' in done.output
    for secret in ("correct horse", "hunter2", derive("home", "correct horse")):
        assert secret not in done.output


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--hostname", "-porch"), "hostname"),
        (("--device", "fleet"), "groups' plans"),
        (("--device", "Porch"), "cannot stand in a topic"),
        (("--user", "root"), "user 'root'"),
        (("--broker", "http://broker"), "no address of a broker"),
        (("--wifi", "home"), "--wifi-country"),
        (("--wifi-country", "DE"), "need --wifi"),
        (("--group", "porch"), "need --root"),
        (("--requirement", "acme-sagui"), "one of them"),
        (("--camera", "rtsp://a:b@c"), "--camera-file"),
        (("--camera", "usb:9x"), "usb:9x has no number"),
    ],
)
def test_whatever_is_wrong_is_said_before_anything_is_written(
    call: Provision, trixie: Path, snapshot: _Snapshot, more: tuple[str, ...], why: str
) -> None:
    before = snapshot(trixie)
    done = call(trixie, *more)
    assert isinstance(done.exception, SaguiError), done.output
    assert why in str(done.exception)
    assert snapshot(trixie) == before


@pytest.mark.parametrize(
    ("option", "content", "why"),
    [
        ("--model", b"no bundle", "not a bundle"),
        ("--ssh-key", b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "a private key"),
        ("--wheel", b"no zip", "no wheel"),
        ("--root", b"{}", "not the root of a registry"),
        ("--ca", b"nothing", "no certificate"),
        ("--camera-file", b"two\nlines\n", "one line"),
        ("--camera-file", b"\xff\xfe", "not a text file"),
    ],
)
def test_files_that_are_something_else(
    call: Provision, trixie: Path, tmp_path: Path, snapshot: _Snapshot, option: str, content: bytes, why: str
) -> None:
    before, path = snapshot(trixie), tmp_path / "given"
    path.write_bytes(content)
    done = call(trixie, option, path)
    assert isinstance(done.exception, SaguiError), done.output
    assert why in str(done.exception)
    assert snapshot(trixie) == before


def test_a_cameras_password_comes_from_a_file(call: Provision, trixie: Path, tmp_path: Path) -> None:
    (tmp_path / "camera").write_text("rtsp://me:hunter2@camera.local/stream\n")
    done = call(trixie, "--camera-file", tmp_path / "camera")
    assert done.exit_code == 0, done.output
    assert "rtsp://me:hunter2@camera.local/stream" in (trixie / "sagui/secrets/agent.toml").read_text()
    assert stat.S_IMODE((trixie / "sagui/secrets/agent.toml").stat().st_mode) == 0o600


def test_a_wheel_is_built_where_none_is_named(
    bundle: Path, ssh_key: Path, wheel: Path, trixie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    built: list[Path] = []

    def build(source: Path) -> object:
        built.append(source)
        return building.read_wheel(wheel)

    monkeypatch.setattr("sagui.deploy.provision.command.build_wheel", build)
    needed = ["--hostname", "porch", "--broker", "mqtt://b", "--model", str(bundle), "--ssh-key", str(ssh_key)]
    done = CliRunner().invoke(provision, [str(trixie), *needed])
    assert done.exit_code == 0, done.output
    assert f"built {wheel.name}" in done.output
    assert (trixie / "sagui" / wheel.name).read_bytes() == wheel.read_bytes()
    again = CliRunner().invoke(provision, [str(trixie), *needed])
    assert again.exit_code == 0, again.output
    assert f"{wheel.name}: as it was built" in again.output
    assert built == [building.source_folder()]


def test_a_certificate_of_another_device_gets_on_the_card_by_force_alone(
    call: Provision, trixie: Path, snapshot: _Snapshot, tmp_path: Path
) -> None:
    before, (certificate, key) = snapshot(trixie), make_pair(tmp_path, "shed")
    done = call(trixie, "--certificate", certificate, "--key", key)
    assert isinstance(done.exception, SaguiError)
    assert "is for 'shed'" in str(done.exception)
    assert snapshot(trixie) == before
    forced = call(trixie, "--certificate", certificate, "--key", key, "--force")
    assert forced.exit_code == 0, forced.output
    assert "is for 'shed'" in forced.stderr


def test_a_broker_on_this_machine_is_noted(call: Provision, trixie: Path) -> None:
    done = call(trixie, "--broker", "mqtt://localhost:1883", "--dry-run")
    assert "mqtt://localhost:1883 is the device itself" in done.stderr


def test_a_password_over_a_plain_connection_is_noted(call: Provision, trixie: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("porch\n")
    files = ("--mqtt-user-file", tmp_path / "file", "--mqtt-password-file", tmp_path / "file")
    assert "as it is" in call(trixie, *files, "--broker", "mqtt://broker.local").stderr
    assert "as it is" not in call(trixie, *files).stderr
