"""Fetching a registry's signed lists for the TUF client, and saying what it makes of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.ngclient import FetcherInterface

from sagui.device.errors import DistrustError, SourceError
from sagui.device.update.diagnosis import ROOT, STRANGER, diagnose, is_a_strangers
from sagui.device.update.limits import Limits
from sagui.device.update.pace import Deadline
from sagui.device.update.transport import StatusError, opened


class Lists(FetcherInterface):
    """Fetches under one deadline for all.

    Attributes:
        role: The list that was asked for last: root, timestamp, snapshot, targets, or a model's name.
    """

    def __init__(self, limits: Limits, deadline: Deadline) -> None:
        """Has asked for nothing yet."""
        self.role = ROOT
        self._root = b""
        self._limits = limits
        self._deadline = deadline

    def _fetch(self, url: str) -> Iterator[bytes]:
        # What is raised here while it is read passes through the client as it is.
        self.role = role_of(url)
        try:
            with opened(url, 0, self._limits, self._deadline) as body:
                self._root = b""
                for piece in body.pieces:
                    if self.role == ROOT:
                        self._root += piece
                    yield piece
        except StatusError as error:
            raise DownloadHTTPError(str(error), error.status) from error

    @contextmanager
    def in_words(self, registry: str, now: Callable[[], datetime], trusted: Path) -> Iterator[None]:
        """Translates what the TUF client raises.

        Args:
            registry: Its address.
            now: What this device takes for the time.
            trusted: The file of the newest root that is trusted.

        Raises:
            SourceError: See `sagui.device.update.source.Source.find`.
        """
        try:
            yield
        except DownloadHTTPError as error:
            raise SourceError(f"{registry} is no registry: {self.role}.json is not there ({error})") from error
        except UnsignedMetadataError as error:
            is_strange = self.role == ROOT and is_a_strangers(self._root, trusted.read_bytes())
            raise DistrustError(STRANGER if is_strange else diagnose(error, self.role, now())) from error
        except (RepositoryError, DownloadLengthMismatchError) as error:
            raise DistrustError(diagnose(error, self.role, now())) from error
        except DownloadError as error:
            raise SourceError(f"{registry}: {self.role}.json: {error}") from error


def role_of(url: str) -> str:
    """Names the list behind an address.

    >>> role_of("https://models.example.org/metadata/3.snapshot.json")
    'snapshot'
    """
    name = unquote(urlsplit(url).path).rpartition("/")[2].removesuffix(".json")
    version, _, rest = name.partition(".")
    return rest if version.isdecimal() and rest else name
