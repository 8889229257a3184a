"""Looks at a folder: is it the boot partition of a freshly written 64-bit Raspberry Pi OS?"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from sagui.deploy.provision.cloud import MARK
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.kernel_line import starts_a_program
from sagui.deploy.provision.order import System

FOLDER = "sagui"
DONE = "first-boot.done"
_NEEDED = ("config.txt", "cmdline.txt")
_CLOUD = frozenset({"user-data", "meta-data", "network-config"})
_KERNELS_32 = frozenset({"kernel.img", "kernel7.img", "kernel7l.img"})
_DATE = re.compile(r"Raspberry Pi reference (\d{4}-\d{2}-\d{2})")
_BOOKWORM, _TRIXIE = "2023-10-10", "2025-10-01"
_OWN = (Path("/boot/firmware"), Path("/boot"))
_STOCK = frozenset({"ssh_pwauth", "enable_ssh", "manage_resolv_conf"})
_LONGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Seen:
    """What is on a partition.

    Attributes:
        names: Of what lies at its top, in small letters.
        cmdline: The kernel's options.
        issue: What ``issue.txt`` says; empty where there is none.
        user_data: What cloud-init would read.
        booted: Whether a card that we wrote has booted since.
    """

    names: frozenset[str]
    cmdline: str = ""
    issue: str = ""
    user_data: str = ""
    booted: bool = False


@dataclass(frozen=True)
class Partition:
    """A boot partition that may be written.

    Attributes:
        cmdline: The kernel's options as they are.
    """

    folder: Path
    system: System
    cmdline: str
    free_bytes: int


def inspect(folder: Path, wanted: System | None, *, force: bool = False) -> Partition:
    """Looks at a folder, and writes nothing.

    Args:
        folder: Where the card's first partition is mounted.
        wanted: What a person says is on it; None to find out.
        force: Whether somebody else's customisation may be overwritten.

    Raises:
        ProvisionError: It is no such partition, or may not be written.
    """
    if folder.resolve() in _OWN:
        raise ProvisionError(f"{folder}: this machine's own boot partition; name the card's, such as /media/me/bootfs")
    try:
        seen = Seen(
            names=frozenset(path.name.lower() for path in folder.iterdir()),
            cmdline=_text(folder / "cmdline.txt"),
            issue=_text(folder / "issue.txt"),
            user_data=_text(folder / "user-data"),
            booted=(folder / FOLDER / DONE).exists(),
        )
        system = judge(seen, wanted, force=force)
        return Partition(folder, system, seen.cmdline, shutil.disk_usage(folder).free)
    except ProvisionError as error:
        raise ProvisionError(f"{folder}: {error}") from error
    except OSError as error:
        raise ProvisionError(f"{folder}: cannot be read: {error.strerror}; is the card mounted there?") from error


def judge(seen: Seen, wanted: System | None, *, force: bool = False) -> System:
    """Says what is on the partition.

    Raises:
        ProvisionError: Why it may not be written.
    """
    missing = [name for name in _NEEDED if name not in seen.names]
    if missing:
        raise ProvisionError(
            f"not a boot partition of Raspberry Pi OS: no {' and no '.join(missing)} in it; "
            f"name the partition called bootfs of a freshly written card"
        )
    if len(seen.cmdline.splitlines()) != 1 or "root=" not in seen.cmdline:
        raise ProvisionError("cmdline.txt is not one line of the kernel's options with root=; write the card again")
    if not force:
        _refuse_foreign(seen)
    return wanted or _found(seen)


def _found(seen: Seen) -> System:
    if seen.names & _CLOUD:
        return "trixie"
    date = _DATE.search(seen.issue)
    if date is None:
        raise ProvisionError("which system is on it cannot be told: no issue.txt of Raspberry Pi OS; say --os")
    if date[1] < _BOOKWORM:
        raise ProvisionError(f"Raspberry Pi OS of {date[1]} is too old: its Python is; write Trixie or Bookworm")
    if date[1] >= _TRIXIE:
        raise ProvisionError(
            f"Raspberry Pi OS of {date[1]} without cloud-init's files, user-data and others: if it is Bookworm "
            f"(Legacy), say --os bookworm"
        )
    return "bookworm"


def _refuse_foreign(seen: Seen) -> None:
    if seen.booted:
        raise ProvisionError("this card was provisioned and has booted since; write the image again, then provision it")
    if odd := seen.names & _KERNELS_32:
        raise ProvisionError(
            f"a 32-bit Raspberry Pi OS ({min(odd)}): LiteRT has no wheel for it; write the 64-bit image, "
            f"or say --force if that is wrong"
        )
    if not _is_stock(seen.user_data):
        raise ProvisionError("its user-data is another tool's; write the image again, or overwrite it with --force")
    ours = FOLDER in seen.names
    if not ours and ("custom.toml" in seen.names or "firstrun.sh" in seen.names or starts_a_program(seen.cmdline)):
        raise ProvisionError(
            "it has another customisation (firstrun.sh or custom.toml, as Raspberry Pi Imager writes them); "
            "write the image again without one, or overwrite it with --force"
        )


def _is_stock(text: str) -> bool:
    """Whether ``user-data`` is ours, or the image's own: comments, and nothing of weight."""
    if f"# {MARK}" in text:
        return True
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    return said is None or (isinstance(said, dict) and set(said) <= _STOCK)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
