"""What is a boot partition, and which."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.partition import Seen, inspect, judge

_TOP = frozenset({"config.txt", "cmdline.txt", "kernel8.img"})
_LINE = "console=tty1 root=PARTUUID=1-02 rootwait\n"


def _seen(*more: str, **changes: object) -> Seen:
    fields: dict[str, object] = {"names": _TOP | set(more), "cmdline": _LINE}
    return Seen(**(fields | changes))  # type: ignore[arg-type]


def test_trixie_and_bookworm_are_told_apart(trixie: Path, bookworm: Path) -> None:
    assert inspect(trixie, None).system == "trixie"
    found = inspect(bookworm, None)
    assert found.system == "bookworm"
    assert "init=/usr/lib/raspberrypi-sys-mods/firstboot" in found.cmdline
    assert found.free_bytes > 0


def test_a_person_may_say_which() -> None:
    assert judge(_seen(), "bookworm") == "bookworm"
    with pytest.raises(ProvisionError, match="--os"):
        judge(_seen(), None)


@pytest.mark.parametrize("name", ["config.txt", "cmdline.txt"])
def test_what_is_no_boot_partition(trixie: Path, name: str) -> None:
    (trixie / name).unlink()
    with pytest.raises(ProvisionError, match=f"bootfs: not a boot partition.*{name}"):
        inspect(trixie, None)


def test_not_even_by_force(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="not a boot partition"):
        inspect(tmp_path, "trixie", force=True)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="is the card mounted"):
        inspect(tmp_path / "none", None)


def test_this_machines_own_partition() -> None:
    with pytest.raises(ProvisionError, match="this machine's own"):
        inspect(Path("/boot"), "trixie", force=True)


@pytest.mark.parametrize("line", ["", "console=tty1\n", "root=a\nroot=b\n"])
def test_a_command_line_that_boots_nothing(line: str) -> None:
    with pytest.raises(ProvisionError, match=r"cmdline\.txt"):
        judge(_seen(cmdline=line), "trixie", force=True)


@pytest.mark.parametrize("kernel", ["kernel.img", "kernel7.img", "kernel7l.img"])
def test_a_32_bit_system(kernel: str) -> None:
    seen = _seen(kernel, issue="Raspberry Pi reference 2024-11-19")
    with pytest.raises(ProvisionError, match="32-bit"):
        judge(seen, None)
    assert judge(seen, None, force=True) == "bookworm"


def test_a_system_that_is_too_old() -> None:
    with pytest.raises(ProvisionError, match="2022-04-04 is too old"):
        judge(_seen(issue="Raspberry Pi reference 2022-04-04"), None)


def test_a_late_bookworm_must_be_called_so() -> None:
    seen = _seen(issue="Raspberry Pi reference 2025-10-02")
    with pytest.raises(ProvisionError, match="--os bookworm"):
        judge(seen, None)
    assert judge(seen, "bookworm") == "bookworm"


@pytest.mark.parametrize(
    "text", ["#cloud-config\nhostname: other\n", "#!/bin/sh\nreboot\n", "users: [", "#cloud-config\n- a\n"]
)
def test_another_tools_user_data(text: str) -> None:
    seen = _seen("user-data", user_data=text)
    with pytest.raises(ProvisionError, match="another tool"):
        judge(seen, None)
    assert judge(seen, None, force=True) == "trixie"


@pytest.mark.parametrize("text", ["", "#cloud-config\n# hostname: a\n", "#cloud-config\nssh_pwauth: false\n"])
def test_the_images_own_user_data(text: str) -> None:
    assert judge(_seen("user-data", user_data=text), None) == "trixie"


def test_our_own_user_data() -> None:
    ours = "#cloud-config\n# Written by sagui provision.\nhostname: porch\n"
    assert judge(_seen("user-data", "sagui", user_data=ours), None) == "trixie"


@pytest.mark.parametrize(
    "seen",
    [
        _seen("firstrun.sh"),
        _seen("custom.toml"),
        _seen(cmdline="root=a systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot\n"),
    ],
)
def test_imagers_customisation(seen: Seen) -> None:
    with pytest.raises(ProvisionError, match="another customisation"):
        judge(seen, "bookworm")
    assert judge(seen, "bookworm", force=True) == "bookworm"


def test_a_card_that_has_booted(trixie: Path, snapshot: Callable[[Path], dict[str, bytes]]) -> None:
    (trixie / "sagui").mkdir()
    (trixie / "sagui" / "first-boot.done").touch()
    before = snapshot(trixie)
    with pytest.raises(ProvisionError, match="has booted since"):
        inspect(trixie, None)
    assert snapshot(trixie) == before


def test_a_card_in_dos_capitals() -> None:
    assert judge(Seen(frozenset({"config.txt", "cmdline.txt", "user-data"}), _LINE), None) == "trixie"
