"""One file of a model, over a network that comes and goes: resumed, bounded by what was signed, checked, settled."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sagui.device.errors import DistrustError, StoreError
from sagui.device.store.filesystem import Filesystem
from sagui.device.update.limits import Limits
from sagui.device.update.pace import Clock, Deadline, Pace
from sagui.device.update.source import Progress
from sagui.device.update.transport import StatusError, opened

_BEYOND = 416


@dataclass(frozen=True)
class Signed:
    """What the signatures say of a file.

    Attributes:
        path: Among the targets; stands in messages.
        sha256: Of the whole.
        bytes: Of the whole; more than nothing.
    """

    path: str
    sha256: str
    bytes: int


def part_of(to: Path, digest: str) -> Path:
    """Names where the beginning of a file is kept until the rest is there.

    >>> part_of(Path("pets.sagui"), "c0ffee" * 10).name
    'pets.sagui.c0ffeec0ffeec0ff.part'
    """
    return to.with_name(f"{to.name}.{digest[:16]}.part")


def read_signed(url: str, signed: Signed, limits: Limits, deadline: Deadline) -> bytes:
    """Reads a small file into memory.

    Raises:
        SourceError: See `Fetcher.fetch`.
    """
    content = bytearray()
    with opened(url, 0, limits, deadline) as body:
        for piece in body.pieces:
            content += piece
            if len(content) > signed.bytes:
                raise _endless(signed)
    _compare(signed, len(content), sha256(content).hexdigest())
    return bytes(content)


class Fetcher:
    """Fetches files that were signed."""

    def __init__(self, limits: Limits, clock: Clock, files: Filesystem) -> None:
        """Takes the bounds, a clock that never goes back, and the disk."""
        self._limits = limits
        self._clock = clock
        self._files = files

    def fetch(self, url: str, signed: Signed, to: Path, progress: Progress) -> None:
        """Writes the file, whole and checked; goes on where an earlier attempt ended.

        Args:
            url: Where it is.
            signed: What it must be.
            to: The file to write; it is there, complete and on the disk, or as it was before.
            progress: Told how far it is.

        Raises:
            SourceAwayError: It broke off, or was too slow; what came is kept.
            SourceError: It is not there.
            DistrustError: What came is not what was signed; nothing of it is kept.
            StoreError: The disk does not take it.
        """
        part = part_of(to, signed.sha256)
        with on_disk(to):
            self.forget(to, but=part)
            is_fresh = not self.here_bytes(part)
        while True:
            try:
                self._fill(url, signed, part, progress)
                with on_disk(to):
                    self._check(signed, part)
                    self._settle(part, to)
            except DistrustError:
                with on_disk(to):
                    self._files.remove(part)
                if is_fresh:
                    raise
                # The beginning may have been spoilt here, by a power cut: once more, from the first byte.
                is_fresh = True
            else:
                return

    def here_bytes(self, path: Path) -> int:
        """Gives a file's length; 0 if it is not there."""
        try:
            return self._files.size(path)
        except FileNotFoundError:
            return 0

    def forget(self, to: Path, but: Path | None = None) -> None:
        """Removes what earlier attempts left beside a file."""
        for name in self._files.names(to.parent):
            if name.startswith(f"{to.name}.") and (but is None or name != but.name):
                self._files.remove(to.parent / name)

    def _fill(self, url: str, signed: Signed, part: Path, progress: Progress) -> None:
        """Appends what lacks."""
        with on_disk(part):
            here = self.here_bytes(part)
            if here > signed.bytes:
                self._files.remove(part)
                here = 0
            self._check_room(part, signed.bytes - here)
        progress(here, signed.bytes)
        if here == signed.bytes:
            return
        try:
            self._append(url, here, signed, part, progress)
        except StatusError as error:
            if error.status != _BEYOND or not here:
                raise
            self._append(url, 0, signed, part, progress)

    def _append(self, url: str, here: int, signed: Signed, part: Path, progress: Progress) -> None:
        pace = Pace(signed.path, self._limits, self._clock)
        with opened(url, here, self._limits, pace) as body:
            came = body.start
            if not came:
                with on_disk(part):
                    self._files.write(part, b"")
            for piece in body.pieces:
                came += len(piece)
                if came > signed.bytes:
                    raise _endless(signed)
                with on_disk(part):
                    self._files.append(part, piece)
                progress(came, signed.bytes)

    def _check(self, signed: Signed, part: Path) -> None:
        _compare(signed, self.here_bytes(part), self.sha256_of(part))

    def sha256_of(self, path: Path) -> str:
        """Gives a file's hash; it is never in memory as a whole."""
        digest, start = sha256(), 0
        while piece := self._files.read_part(path, start, self._limits.chunk_bytes):
            digest.update(piece)
            start += len(piece)
        return digest.hexdigest()

    def _check_room(self, part: Path, lacking: int) -> None:
        free = self._files.free_bytes(part.parent)
        if free < lacking:
            raise StoreError(f"{part.parent}: {lacking} bytes are needed and {free} are free; remove something")

    def _settle(self, part: Path, to: Path) -> None:
        self._files.sync(part)
        self._files.rename(part, to)
        self._files.sync(to.parent)


def _endless(signed: Signed) -> DistrustError:
    return DistrustError(f"endless data: {signed.path} goes on after the {signed.bytes} bytes that were signed")


def _compare(signed: Signed, size: int, digest: str) -> None:
    if size != signed.bytes:
        raise DistrustError(f"length mismatch: {signed.path} has {size} bytes; {signed.bytes} were signed")
    if digest != signed.sha256:
        raise DistrustError(f"hash mismatch: {signed.path} is not the file that was signed")


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Says what the disk refuses.

    Raises:
        StoreError: In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
