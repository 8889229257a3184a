"""The shorter way to a bundle: a patch to the one that is here already. Any doubt leads back to the whole file."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sagui.device.errors import DistrustError
from sagui.device.store.filesystem import Filesystem
from sagui.device.update.fetch import Signed
from sagui.registry import Patch, RegistryError
from sagui.registry.patch import apply_patch


@dataclass(frozen=True)
class Worth:
    """What a patch must keep below to be worth it.

    Attributes:
        fetch_bytes: What is left to fetch without it.
        memory_bytes: The old and the new bundle together.
    """

    fetch_bytes: int
    memory_bytes: int


def choose(patches: Iterable[Patch], have_sha256: str, have_bytes: int, wanted: Signed, worth: Worth) -> Patch | None:
    """Picks the smallest patch that leads from what is here; None if the whole file is the better way.

    Args:
        patches: Those that were signed.
        have_sha256: Of the bundle that is here.
        have_bytes: Likewise.
        wanted: The bundle that it should become.
        worth: What it may cost.
    """
    if have_bytes + wanted.bytes > worth.memory_bytes:
        return None
    fitting = (one for one in patches if one.of == have_sha256 and 0 < one.bytes < worth.fetch_bytes)
    return min(fitting, key=lambda one: one.bytes, default=None)


def rebuild(have: bytes, patch: bytes, wanted: Signed) -> bytes:
    """Makes the wanted bundle.

    Args:
        have: The bundle that is here.
        patch: Checked against its own hash already.
        wanted: What must come out.

    Raises:
        DistrustError: Something else comes out, or nothing.
    """
    try:
        made = apply_patch(have, patch, wanted.bytes)
    except RegistryError as error:
        raise DistrustError(f"{wanted.path}: {error}") from error
    if sha256(made).hexdigest() != wanted.sha256:
        raise DistrustError(f"hash mismatch: the patch does not lead to {wanted.path}")
    return made


def settle(files: Filesystem, content: bytes, to: Path) -> None:
    """Writes a file whole: beside, on the disk, then by its name."""
    beside = to.with_name(f"{to.name}.new")
    files.write(beside, content)
    files.sync(beside)
    files.rename(beside, to)
    files.sync(to.parent)
