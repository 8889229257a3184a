"""All that is on a card."""

import shlex
from collections.abc import Callable

import pytest

from sagui.deploy.provision.card import card_files, first_boot_env
from sagui.deploy.provision.order import Credentials, Order, System, Updates
from sagui.deploy.provision.wifi import join

_LINE = "console=tty1 root=PARTUUID=1-02\n"
_SECRET = Credentials(b"ca", b"certificate", b"the-key", b"the-user", b"the-password")


def _env(order: Order) -> dict[str, str]:
    return dict(line.split("=", 1) for line in shlex.split(first_boot_env(order)))


@pytest.mark.parametrize("system", ["trixie", "bookworm"])
def test_secrets_are_where_the_first_boot_takes_them_from_and_nowhere_else(
    make_order: Callable[..., Order], system: System
) -> None:
    wifi = join("home", "correct horse", "DE")
    entries = card_files(make_order(credentials=_SECRET, wifi=wifi), system, _LINE)
    for secret in (b"the-key", b"the-user", b"the-password", wifi.psk.encode(), b"correct horse"):
        holders = {path for path, entry in entries.items() if secret in entry.content}
        assert all(path.startswith("sagui/secrets/") for path in holders - {"network-config"}), holders
        assert all(secret not in (entries[path].shown or "").encode() for path in holders)
        assert all(entries[path].shown is not None for path in holders), "what is secret is never shown"
    assert not [path for path, entry in entries.items() if b"correct horse" in entry.content]
    assert ("network-config" in entries) == (system == "trixie")
    assert ("sagui/secrets/sagui.nmconnection" in entries) == (system == "bookworm")


@pytest.mark.parametrize("address", ["rtsp://me:hunter2@camera.local", 'rtsp://me:hunter2"\\@camera.local'])
def test_a_cameras_password_is_a_secret(make_order: Callable[..., Order], address: str) -> None:
    entries = card_files(make_order(camera=address), "trixie", _LINE)
    (holder,) = (path for path, entry in entries.items() if b"hunter2" in entry.content)
    assert holder == "sagui/secrets/agent.toml"
    assert "hunter2" not in (entries[holder].shown or "hunter2")
    assert 'device = "porch"' in (entries[holder].shown or ""), "the rest is"


@pytest.mark.parametrize("system", ["trixie", "bookworm"])
def test_what_starts_the_first_boot_is_written_last(make_order: Callable[..., Order], system: System) -> None:
    entries = card_files(make_order(), system, _LINE)
    assert list(entries)[-1] == "cmdline.txt"
    assert ("firstrun.sh" in entries) == (system == "bookworm")
    assert ("user-data" in entries) == (system == "trixie")
    assert entries["ssh"].content == b""


def test_a_camera_module_brings_picamera2_and_sees_the_systems_packages(make_order: Callable[..., Order]) -> None:
    for camera in ("picamera2", "picamera2?width=640", "picamera2#every=1"):
        said = _env(make_order(camera=camera))
        assert "python3-picamera2" in said["PACKAGES"].split()
        assert said["VENV_OPTIONS"] == "--system-site-packages"
    said = _env(make_order(camera="usb:0"))
    assert "python3-picamera2" not in said["PACKAGES"]
    assert said["VENV_OPTIONS"] == ""


def test_a_wheel_or_a_requirement(make_order: Callable[..., Order]) -> None:
    assert _env(make_order())["WHEEL"] == "sagui-0.1.0-py3-none-any.whl"
    wanted = "acme-sagui[update]; python_version>'3'"
    said = _env(make_order(sagui=wanted))
    assert (said["WHEEL"], said["REQUIREMENT"]) == ("", wanted)
    assert "sagui/acme" not in "".join(card_files(make_order(sagui=wanted), "trixie", _LINE))


def test_a_signed_model_is_asked_for_by_its_version(make_order: Callable[..., Order]) -> None:
    carried = {"metadata/timestamp.json": b"{}", "targets/pets/0.pets-1.4.0.sagui": b"bundle"}
    order = make_order(updates=Updates(b"root", carried=carried))
    assert _env(order)["SIGNED"] == "pets==1.4.0"
    entries = card_files(order, "trixie", _LINE)
    assert entries["sagui/registry/targets/pets/0.pets-1.4.0.sagui"].content == b"bundle"
    assert entries["sagui/public/root.json"].content == b"root"
    assert _env(make_order(updates=Updates(b"root")))["SIGNED"] == ""


def test_every_file_fits_a_fat_partition(make_order: Callable[..., Order]) -> None:
    entries = card_files(make_order(credentials=_SECRET), "trixie", _LINE)
    for path in entries:
        assert all(part and len(part) < 255 and not set(part) & set('\\:*?"<>|') for part in path.split("/"))
    folded = [path.lower() for path in entries]
    assert len(set(folded)) == len(folded), "FAT does not know small letters from capitals"
