"""What is copied to a device: a bundle alone, or with what proves who published it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sagui.bundle import BundleError, read_bundle
from sagui.deploy.push.errors import PushError


@dataclass(frozen=True)
class Piece:
    """A file to copy.

    Attributes:
        source: Here.
        place: On the device, below the parcel's folder.
        bytes: How long it is.
        sha256: What it holds.
    """

    source: Path
    place: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Parcel:
    """All that one update needs.

    Attributes:
        model: The bundle's name.
        version: The bundle's.
        bundle: Which of the pieces it is.
        rest: The registry's files that vouch for it; none for an unsigned push.
    """

    model: str
    version: str
    bundle: Piece
    rest: tuple[Piece, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Everything, the bundle last: what can go wrong early is small."""
        return (*self.rest, self.bundle)

    @property
    def bytes(self) -> int:
        """Of all pieces."""
        return sum(piece.bytes for piece in self.pieces)

    @property
    def folders(self) -> tuple[str, ...]:
        """What must be there before the pieces are."""
        parents = {str(PurePosixPath(piece.place).parent) for piece in self.pieces}
        return tuple(sorted(parents - {"."}))

    @property
    def signed(self) -> bool:
        """Whether a registry vouches for it."""
        return bool(self.rest)

    @property
    def title(self) -> str:
        """For a person."""
        return f"{self.model} {self.version}"


def piece_of(source: Path, place: str) -> Piece:
    """Measures a file.

    Raises:
        PushError: It cannot be read.
    """
    try:
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Piece(source, place, source.stat().st_size, digest)
    except OSError as error:
        raise PushError(f"{source}: cannot be read: {error.strerror}") from error


def bare_parcel(bundle: Path) -> Parcel:
    """A bundle and nothing that vouches for it.

    Raises:
        PushError: It is no whole bundle.
    """
    try:
        manifest = read_bundle(bundle).manifest
    except BundleError as error:
        raise PushError(str(error)) from error
    return Parcel(manifest.name, manifest.version, piece_of(bundle, f"{manifest.name}-{manifest.version}.sagui"))
