"""Reading a registry with python-tuf's client, from a folder or over HTTP: what devices would be given, and no more."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import urllib3
from tuf.api.exceptions import (
    DownloadError,
    ExpiredMetadataError,
    RepositoryError,
    SlowRetrievalError,
    StorageError,
)
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater, Urllib3Fetcher

from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.dashboard.models.contents import Listed
from sagui.deploy.registry.fetcher import BASE, FolderFetcher
from sagui.deploy.registry.lifetimes import ROOT
from sagui.deploy.registry.memory import read_root
from sagui.deploy.registry.state import delegated, load
from sagui.deploy.registry.storage import metadata_path
from sagui.deploy.registry.withdrawn import withdrawn_of
from sagui.registry import METADATA, TARGETS, Index, Published, bundle_path, decode_index, index_path
from sagui.registry.index import LONGEST_BYTES

LARGEST_BUNDLE_BYTES = 64 * 2**20
"""Of a larger one neither numbers nor report are shown."""

_FOLDER_EVERY_S, _ADDRESS_EVERY_S = 5.0, 60.0
_ANSWER_S = 10
_FILE_S = 60.0
_LONGEST_WHY = 300


class TufSource:
    """See `sagui.deploy.dashboard.models.shelf.Source`."""

    def __init__(self, where: str, root: bytes, fetcher: FetcherInterface, base: str, every_s: float) -> None:
        """Asks nobody yet.

        Args:
            where: The registry, as a person calls it.
            root: What is trusted.
            fetcher: Gives its files.
            base: Where the fetcher finds them.
            every_s: So often it is worth a look.
        """
        self.every_s = every_s
        self._where, self._root, self._fetcher, self._base = where, root, fetcher, base
        self._scratch = tempfile.TemporaryDirectory(prefix="sagui-dashboard-")  # removed with this object
        self._metadata = Path(self._scratch.name, METADATA)
        self._updater: Updater | None = None
        self._seen = b""

    def look(self) -> Listed | None:
        """See `Source.look`."""
        try:
            self._updater = self._new_updater()
            self._updater.refresh()
            snapshot = (self._metadata / "snapshot.json").read_bytes()
            if snapshot == self._seen:
                return None
            names = delegated(self._signed("targets"))
            found = {name: index for name in names if (index := self._index(self._updater, name))}
            withdrawn = {name: frozenset(withdrawn_of(self._signed(name))) for name in names}
        except (RepositoryError, DownloadError, StorageError, OSError) as error:
            raise DashboardError(_words(self._where, error)) from error
        self._seen = snapshot
        return Listed(found, withdrawn)

    def fetch(self, published: Published) -> bytes:
        """See `Source.fetch`."""
        model = published.path.partition("/")[0]
        path = bundle_path(model, published.version)
        try:
            if self._updater is None:
                raise DashboardError(f"{self._where}: was not read yet; try again in a moment")
            target = self._updater.get_targetinfo(path)
            if target is None or target.hashes.get("sha256") != published.sha256:
                raise DashboardError(f"{path}: is not the bundle that was signed")
            return self._download(self._updater, target, LARGEST_BUNDLE_BYTES)
        except (RepositoryError, DownloadError, StorageError, OSError) as error:
            raise DashboardError(_words(f"{self._where}: {path}", error)) from error

    def _new_updater(self) -> Updater:
        self._metadata.mkdir(parents=True, exist_ok=True)  # once more: /tmp is tidied up on some machines
        return Updater(
            str(self._metadata),
            f"{self._base}/{METADATA}/",
            self._scratch.name,
            f"{self._base}/{TARGETS}/",
            self._fetcher,
            bootstrap=self._root,
        )

    def _index(self, updater: Updater, model: str) -> Index | None:
        target = updater.get_targetinfo(index_path(model))
        if target is None:
            return None  # all its versions were withdrawn
        return decode_index(self._download(updater, target, LONGEST_BYTES))

    def _download(self, updater: Updater, target: TargetFile, most_bytes: int) -> bytes:
        if target.length > most_bytes:
            raise DashboardError(f"{target.path}: has {target.length:,} bytes; {most_bytes:,} are read at most here")
        path = Path(self._scratch.name, "target")
        updater.download_target(target, str(path))
        try:
            return path.read_bytes()
        finally:
            path.unlink()

    def _signed(self, role: str) -> Targets:
        metadata: Metadata[Targets] = Metadata.from_file(str(self._metadata / f"{role}.json"))
        return metadata.signed


class PromptFetcher(Urllib3Fetcher):
    """Does not wait for ever on a server that gives a byte now and then."""

    def __init__(self) -> None:
        super().__init__(socket_timeout=_ANSWER_S)

    def _chunks(self, response: urllib3.response.BaseHTTPResponse) -> Iterator[bytes]:
        until_s = monotonic() + _FILE_S
        try:
            # What has come, however little: who waits for a whole chunk cannot look at the clock.
            while chunk := response.read1(self.chunk_size):
                yield chunk
                if monotonic() > until_s:
                    raise SlowRetrievalError(f"took more than {_FILE_S:g} s")
        except urllib3.exceptions.HTTPError:
            raise DownloadError("the connection was cut off") from None  # what urllib3 says of it is no sentence
        finally:
            response.release_conn()


def open_source(registry: str, root: Path | None) -> TufSource:
    """Opens a registry.

    Args:
        registry: A folder, or an address.
        root: What is trusted; of a folder it may be left out, then its first root is.

    Raises:
        DashboardError: The address cannot be one, or lacks a root.
        PublishError: The folder is no registry, or the root is none.
    """
    trusted = read_root(root) if root else None
    if "://" not in registry:
        folder = Path(registry)
        load(folder, trusted)  # says what is there instead
        first = metadata_path(folder, ROOT, 1)
        return TufSource(registry, trusted or first.read_bytes(), FolderFetcher(folder), BASE, _FOLDER_EVERY_S)
    address = _check_address(registry)
    if trusted is None:
        raise DashboardError(f"--registry {address}: add --root FILE, the root.json that devices have")
    return TufSource(address, trusted, PromptFetcher(), address, _ADDRESS_EVERY_S)


def _check_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
        secret = parts.password or parts.username
    except ValueError:
        fits, secret = None, None
    if secret:
        raise DashboardError("--registry: leave user and password out of the address; a registry needs none")
    if not fits:
        raise DashboardError(f"--registry {text}: is no address; give a folder, or such as https://models.local")
    return text.rstrip("/")


def _words(where: str, error: Exception) -> str:
    if isinstance(error, ExpiredMetadataError):
        why = f"{error}: devices refuse it as too old; run sagui publish --refresh"
    elif isinstance(error, DownloadError):
        why = f"cannot be had: {error.__cause__ or error}"
    elif isinstance(error, OSError):
        why = f"cannot be read: {error.strerror or error}"
    else:
        why = f"{error}: it was changed without the keys, or is another registry than the root is for"
    return f"{where}: {why}"[:_LONGEST_WHY]
