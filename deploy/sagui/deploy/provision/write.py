"""Writes a card: beside first, then by renaming. FAT keeps no owners and no modes; what else it allows is done."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from sagui.deploy.provision.card import Entry
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.partition import FOLDER, Partition
from sagui.progress import SILENT, Progress

_NEW = ".new"
_CLUSTER_BYTES = 32 << 10
"""The last piece of a file takes a whole one."""
_SPARE_BYTES = 16 << 20
"""Kernels are exchanged on this partition, and pip's log is kept."""


def check_room(partition: Partition, entries: Mapping[str, Entry]) -> None:
    """Sees that the files have room beside those that they replace.

    Raises:
        ProvisionError: They have not.
    """
    needed = sum(len(entry.content) + _CLUSTER_BYTES for entry in entries.values()) + _SPARE_BYTES
    if needed > partition.free_bytes:
        raise ProvisionError(
            f"{partition.folder}: {partition.free_bytes >> 20} MiB are free, and {-(-needed >> 20)} MiB are needed; "
            f"write the image again, or carry less"
        )


def write_card(partition: Partition, entries: Mapping[str, Entry], progress: Progress = SILENT) -> None:
    """Writes all files, or none.

    All are written beside those that are there, and brought to the disk; only then are they renamed, ``cmdline.txt``
    last. If a rename fails, the files that it would have replaced come back. A card that is pulled out between two
    renames must be written again.

    Raises:
        ProvisionError: The room does not do, or the card cannot be written; nothing on it was changed.
    """
    check_room(partition, entries)
    outer = [path for path in entries if "/" not in path]
    try:
        _clear(partition.folder, outer)
        with progress.task("write the card", len(entries)) as advance:
            for path, entry in entries.items():
                _write(_beside(partition.folder, path), entry.content)
                advance()
        for made in {_beside(partition.folder, path).parent for path in entries}:
            _sync(made)
        _exchange(partition.folder, outer)
    except OSError as error:
        raise ProvisionError(
            f"{partition.folder}: cannot be written: {error.strerror}; nothing was changed; is its switch on lock?"
        ) from error
    finally:
        _clear(partition.folder, outer)


def _beside(folder: Path, path: str) -> Path:
    first, *rest = PurePosixPath(path).parts
    return folder.joinpath(first + _NEW, *rest)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Private where the filesystem knows the word.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _exchange(folder: Path, outer: list[str]) -> None:
    old = {name: (folder / name).read_bytes() for name in outer if (folder / name).exists()}
    ours, before = folder / FOLDER, folder / (FOLDER + ".old")
    shutil.rmtree(before, ignore_errors=True)
    if ours.exists():
        ours.rename(before)
    try:
        (folder / (FOLDER + _NEW)).rename(ours)
        for name in outer:
            (folder / (name + _NEW)).replace(folder / name)
        _sync(folder)
    except OSError:
        _restore(folder, outer, old)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _restore(folder: Path, outer: list[str], old: Mapping[str, bytes]) -> None:
    for name in outer:
        if name in old:
            (folder / name).write_bytes(old[name])
        else:
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    if (before := folder / (FOLDER + ".old")).exists():
        before.rename(folder / FOLDER)


def _clear(folder: Path, outer: list[str]) -> None:
    shutil.rmtree(folder / (FOLDER + _NEW), ignore_errors=True)
    for name in outer:
        (folder / (name + _NEW)).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
