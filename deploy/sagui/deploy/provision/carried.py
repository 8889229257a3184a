"""The part of a registry that travels on a card: what python-tuf's client asks for, to trust one bundle."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata
from tuf.api.serialization import DeserializationError
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from sagui.bundle.archive import digest
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import Model
from sagui.deploy.registry.fetcher import BASE, FolderFetcher
from sagui.deploy.registry.verify import explain
from sagui.registry import METADATA, TARGETS, bundle_path, index_path


@dataclass(frozen=True)
class Carried:
    """What travels.

    Attributes:
        files: By their path below the registry.
        expires: When the device stops believing it; UTC.
    """

    files: dict[str, bytes]
    expires: datetime


def check_root(content: bytes, source: Path) -> bytes:
    """Gives the file back, if it is the root of a registry.

    Raises:
        ProvisionError: It is not.
    """
    try:
        found = Metadata.from_bytes(content)
    except DeserializationError as error:
        raise ProvisionError(f"{source}: not the root of a registry; it is called root.json there") from error
    if found.signed.type != "root":
        raise ProvisionError(f"{source}: not the root of a registry, but its {found.signed.type}; take root.json")
    return content


def carry(registry: Path, root: bytes, model: Model) -> Carried:
    """Takes what a device needs to install the model from the card as it would from the registry.

    All signatures are checked on the way, from the root that the device will trust, just as the device will.

    Args:
        registry: The registry's folder, as `sagui publish` wrote it.
        root: What the device will trust.
        model: The bundle; this very version must have been published.

    Raises:
        ProvisionError: The folder is no registry of this root, is out of date, or lacks the bundle.
    """
    recorder = _Recorder(registry)
    with tempfile.TemporaryDirectory(prefix="sagui-registry-") as scratch:
        metadata = Path(scratch, METADATA)
        metadata.mkdir()
        try:
            _walk(recorder, metadata, root, model)
        except (RepositoryError, DownloadError) as error:
            raise ProvisionError(explain(registry, error)) from error
        expires = min(Metadata.from_file(str(path)).signed.expires for path in metadata.glob("*.json"))
    return Carried(recorder.files, expires)


def _walk(recorder: "_Recorder", metadata: Path, root: bytes, model: Model) -> None:
    kept, base = str(metadata), f"{BASE}/{METADATA}/"
    updater = Updater(kept, base, str(metadata.parent), f"{BASE}/{TARGETS}/", recorder, bootstrap=root)
    updater.refresh()
    index = updater.get_targetinfo(index_path(model.name))
    bundle = updater.get_targetinfo(bundle_path(model.name, model.version))
    if index is None or bundle is None:
        raise ProvisionError(f"{recorder.folder}: no {model.name} {model.version} in it; sagui publish it first")
    if bundle.hashes.get("sha256") != digest(model.content):
        raise ProvisionError(
            f"{recorder.folder}: its {model.name} {model.version} is another one than this file; take the one published"
        )
    updater.download_target(index)
    updater.download_target(bundle)


class _Recorder(FetcherInterface):
    """Keeps what was asked for and found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self._inner = FolderFetcher(folder)

    def _fetch(self, url: str) -> Iterator[bytes]:
        content = b"".join(self._inner.fetch(url))
        self.files[url.removeprefix(f"{BASE}/")] = content
        return iter([content])
