"""Where bundles come from: a port. Adapters verify all they give; who uses it trusts nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Progress = Callable[[int, int], None]
"""Told bytes that are here, and bytes in all."""


@dataclass(frozen=True)
class Candidate:
    """A bundle that the source vouches for.

    Attributes:
        model: Its name.
        version: SemVer.
        sha256: Of the whole bundle.
        bytes: Of the whole bundle.
    """

    model: str
    version: str
    sha256: str
    bytes: int


class Source(Protocol):
    """Gives bundles that were signed for this device."""

    def find(self, model: str, version: str | None) -> Candidate:
        """Looks for a version, after renewing what is known of the source.

        Args:
            model: Its name.
            version: None takes the latest.

        Raises:
            SourceError: The source cannot be reached (``SourceAwayError``: try again later), does not have the
                version, or is not to be trusted (``DistrustError``: it names the attack).
        """

    def fetch(self, candidate: Candidate, to: Path, have: Path | None, progress: Progress) -> None:
        """Writes the bundle to a file, whole and checked against its hash.

        What was fetched before an interruption is not fetched again.

        Args:
            candidate: Which one.
            to: The file to write; it is there, complete and on the disk, or it is not there.
            have: A bundle that is on the device already, from which a patch may lead; None if there is none.
            progress: Told how far it is.

        Raises:
            SourceError: See `find`.
        """
