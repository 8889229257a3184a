"""Bundles from a folder that is trusted as it is: a `Source` for tests and desks. It checks hashes, not signatures."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from sagui.device.errors import DistrustError, SourceAwayError, SourceError, StoreError
from sagui.device.store.filesystem import Filesystem, RealFilesystem
from sagui.device.store.hazards import Calm, Hazard
from sagui.device.update.rules import is_newer
from sagui.device.update.source import Candidate, Progress

Answer = TypeVar("Answer")
CHUNK_BYTES = 64 * 1024


class FolderSource:
    """Gives ``NAME-VERSION.sagui`` out of a folder, piece by piece, as if it were far away."""

    def __init__(
        self,
        folder: Path,
        files: Filesystem | None = None,
        hazard: Hazard | None = None,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        """Looks at nothing yet.

        Args:
            folder: Where the bundles are.
            files: The disk that is written to.
            hazard: Goes around each reading of the folder, which stands for a request over the network.
            chunk_bytes: Read at once.
        """
        self._folder, self._chunk_bytes = folder, chunk_bytes
        self._files, self._hazard = files or RealFilesystem(), hazard or Calm()

    def find(self, model: str, version: str | None) -> Candidate:
        """See `sagui.device.update.source.Source.find`."""
        paths = self._request("list", lambda: tuple(self._folder.glob(f"{model}-*.sagui")))
        versions = [path.stem.removeprefix(f"{model}-") for path in paths]
        wanted = version if version is not None else _newest(versions)
        if wanted is None or wanted not in versions:
            raise SourceError(f"{self._folder}: there is no {model} {version or 'of any version'}")
        content = self._request("describe", lambda: self._path(model, wanted).read_bytes())
        return Candidate(model, wanted, sha256(content).hexdigest(), len(content))

    def fetch(self, candidate: Candidate, to: Path, have: Path | None, progress: Progress) -> None:  # noqa: ARG002 (the port's)
        """See `sagui.device.update.source.Source.fetch`."""
        part = to.with_name(f"{to.name}.part")
        try:
            resumed = self._bring(candidate, part, progress)
            if not self._is_right(part, candidate) and resumed:
                self._files.remove(part)
                self._bring(candidate, part, progress)
            if not self._is_right(part, candidate):
                self._files.remove(part)
                raise DistrustError(f"{candidate.model} {candidate.version}: its SHA-256 is another one than promised")
            self._files.sync(part)
            self._files.rename(part, to)
            self._files.sync(to.parent)
        except OSError as error:
            raise StoreError(f"{to.parent}: {error.strerror or error}") from error

    def _bring(self, candidate: Candidate, part: Path, progress: Progress) -> bool:
        """Gives whether some of it was there already."""
        here = resumed = self._here(part, candidate)
        while here < candidate.bytes:
            chunk = self._request("get", partial(self._chunk, candidate, here))
            if not chunk:
                break
            self._files.append(part, chunk)
            here += len(chunk)
            progress(here, candidate.bytes)
        return bool(resumed)

    def _here(self, part: Path, candidate: Candidate) -> int:
        try:
            here = self._files.size(part)
        except FileNotFoundError:
            return 0
        if here <= candidate.bytes:
            return here
        self._files.remove(part)
        return 0

    def _is_right(self, part: Path, candidate: Candidate) -> bool:
        content = self._files.read(part)
        return len(content) == candidate.bytes and sha256(content).hexdigest() == candidate.sha256

    def _chunk(self, candidate: Candidate, start: int) -> bytes:
        with self._path(candidate.model, candidate.version).open("rb") as file:
            file.seek(start)
            return file.read(self._chunk_bytes)

    def _path(self, model: str, version: str) -> Path:
        return self._folder / f"{model}-{version}.sagui"

    def _request(self, call: str, action: Callable[[], Answer]) -> Answer:
        try:
            return self._hazard.meet(call, action)
        except OSError as error:
            raise SourceAwayError(f"{self._folder} cannot be read: {error.strerror or error}") from error


def _newest(versions: list[str]) -> str | None:
    newest = None
    for version in versions:
        if newest is None or is_newer(version, newest):
            newest = version
    return newest
