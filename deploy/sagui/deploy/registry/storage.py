"""The registry's folder: names, whole writes, and one writer at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sagui.bundle.replace import write_bytes
from sagui.deploy.registry.errors import BusyError, PublishError
from sagui.registry import METADATA, TARGETS

LOCK = ".lock"
"""Held while somebody writes; as all that begins with a dot, never served."""


def metadata_path(folder: Path, role: str, version: int | None = None) -> Path:
    """Names a role's file: with its version, so that a reader finds one state whole, but for the timestamp."""
    return folder / METADATA / (f"{role}.json" if version is None else f"{version}.{role}.json")


def target_path(folder: Path, path: str, digest: str) -> Path:
    """Names a target's file: with its hash, so that two versions of a list are two files.

    >>> target_path(Path("registry"), "pets/index.json", "ab").as_posix()
    'registry/targets/pets/ab.index.json'
    """
    model, _, name = path.rpartition("/")
    return folder / TARGETS / model / f"{digest}.{name}"


def put_metadata(folder: Path, role: str, version: int | None, content: bytes) -> None:
    """Writes what a role signed."""
    path = metadata_path(folder, role, version)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)


def put_target(folder: Path, path: str, content: bytes) -> None:
    """Writes a target; if it is there already, and whole, nothing."""
    digest = sha256(content).hexdigest()
    place = target_path(folder, path, digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    if not (place.is_file() and file_digest(place) == digest):
        write_bytes(place, content)


def file_digest(path: Path) -> str:
    """Gives a file's SHA-256."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keeps other publishers out; a lock of a process that died is none.

    Raises:
        BusyError: Somebody else is at work.
        PublishError: The folder cannot be written.
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise PublishError(f"{folder}: cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            who = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            raise BusyError(f"{folder}: process {who or '?'} is changing it; try again when it is done") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
