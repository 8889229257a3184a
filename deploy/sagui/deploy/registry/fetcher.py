"""python-tuf's client on a folder: what a device would see, without a server."""

from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

BASE = "registry:/"
"""Where the folder is, in the addresses of the client."""

_CHUNK_BYTES = 1 << 20
_NOT_FOUND = 404


class FolderFetcher(FetcherInterface):
    """Gives a registry's files.

    Args:
        folder: The registry.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = (self._folder / url.removeprefix(f"{BASE}/")).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise DownloadHTTPError(f"{path}: is missing", _NOT_FOUND)
        return self._chunks(path)

    @staticmethod
    def _chunks(path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
