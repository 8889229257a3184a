"""A bundle on this machine, which a person vouches for: a `Source` without signatures."""

from hashlib import sha256
from pathlib import Path

from sagui.bundle import BundleError, read_bundle
from sagui.bundle.replace import replacing
from sagui.device.errors import SourceError
from sagui.device.update.source import Candidate, Progress


class OneFile:
    """Gives one file, whatever is asked for."""

    def __init__(self, path: Path) -> None:
        """Reads nothing yet."""
        self._path = path

    def find(self, model: str, version: str | None) -> Candidate:  # noqa: ARG002 (the port's signature)
        """See `Source.find`."""
        try:
            manifest, content = read_bundle(self._path).manifest, self._path.read_bytes()
        except (OSError, BundleError) as error:
            raise SourceError(str(error)) from error
        return Candidate(manifest.name, manifest.version, sha256(content).hexdigest(), len(content))

    def fetch(self, candidate: Candidate, to: Path, have: Path | None, progress: Progress) -> None:  # noqa: ARG002 (likewise)
        """See `Source.fetch`."""
        try:
            with replacing(to) as beside:
                beside.write_bytes(self._path.read_bytes())
        except OSError as error:
            raise SourceError(f"{error.filename or self._path}: {error.strerror}") from error
        progress(candidate.bytes, candidate.bytes)
