"""Walking a registry as a device would: from a trusted root down to every file."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tuf.api.exceptions import DownloadError, ExpiredMetadataError, RepositoryError
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.ngclient import Updater

from sagui.bundle import BundleError, read_bundle
from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.errors import BehindError, ForeignError, PublishError
from sagui.deploy.registry.fetcher import BASE, FolderFetcher
from sagui.deploy.registry.memory import load_ours, read_root
from sagui.deploy.registry.prune import unneeded
from sagui.deploy.registry.refresh import notes
from sagui.deploy.registry.state import delegated, load
from sagui.deploy.registry.storage import metadata_path
from sagui.deploy.registry.versions import same_precedence
from sagui.deploy.registry.withdrawn import withdrawn_of
from sagui.progress import SILENT, Progress
from sagui.registry import METADATA, ROOT, TARGETS, Index, RegistryError, decode_index, index_path
from sagui.registry.patch import apply_patch


@dataclass(frozen=True)
class Findings:
    """What a walk found.

    Attributes:
        problems: Why a device would refuse something; what and where, one line each.
        notes: What a person should know.
        files: How many targets were read and are what was signed.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    files: int


def verify(folder: Path, root: Path | None = None, keys: Path | None = None, progress: Progress = SILENT) -> Findings:
    """Walks the whole registry with python-tuf's client.

    Args:
        folder: The registry.
        root: What devices trust; without it, the registry's first root.
        keys: The keys' folder: says whether the registry is ours, and as new as was signed last.
        progress: Shows the files.

    Raises:
        PublishError: It is no registry, or the trusted root cannot be read.
    """
    trusted = _trusted(folder, root)
    with tempfile.TemporaryDirectory() as scratch:
        walk = _Walk(folder, Path(scratch), trusted, progress)
        problems = (*walk.problems(), *(_unlike(folder, keys) if keys and not root else ()))
    return Findings(problems, tuple(_notes(folder)), walk.files)


class _Walk:
    def __init__(self, folder: Path, scratch: Path, trusted: bytes, progress: Progress) -> None:
        self._folder, self._scratch, self._progress = folder, scratch, progress
        self._trusted = trusted
        self.files = 0

    def problems(self) -> Iterator[str]:
        metadata = self._scratch / METADATA
        metadata.mkdir()
        try:
            updater = Updater(
                str(metadata),
                f"{BASE}/{METADATA}/",
                str(self._scratch),
                f"{BASE}/{TARGETS}/",
                FolderFetcher(self._folder),
                bootstrap=self._trusted,
            )
            updater.refresh()
        except (RepositoryError, DownloadError) as error:
            yield explain(self._folder, error)
            return
        targets = _signed(metadata / "targets.json")
        for model in delegated(targets):
            yield from self._model(updater, model)
        if not (root := self._folder / ROOT).is_file() or root.read_bytes() not in _roots(self._folder):
            yield f"{root}: is no root of this registry; give it to no device, sagui publish --refresh writes it again"

    def _model(self, updater: Updater, model: str) -> Iterator[str]:
        try:
            listed = updater.get_targetinfo(index_path(model))
        except (RepositoryError, DownloadError) as error:
            yield f"{model}: {explain(self._folder, error)}"
            return
        signed = _signed(self._scratch / METADATA / f"{model}.json")
        targets, withdrawn = signed.targets, dict[str, str]()
        try:
            withdrawn = withdrawn_of(signed)
        except ForeignError as error:
            yield f"{model}: {error}"
        sound: dict[str, Path] = {}
        with self._progress.task(f"files of {model}", len(targets)) as advance:
            for path, target in sorted(targets.items()):
                advance()
                yield from self._target(updater, path, target, sound)
        self.files += len(sound)
        if listed and index_path(model) in sound:
            yield from self._index(model, sound, withdrawn)
        for copy in sound.values():
            copy.unlink(missing_ok=True)

    def _target(self, updater: Updater, path: str, target: TargetFile, sound: dict[str, Path]) -> Iterator[str]:
        try:
            sound[path] = Path(updater.download_target(target))
        except (RepositoryError, DownloadError) as error:
            yield f"{path}: {explain(self._folder, error)}"

    def _index(self, model: str, sound: dict[str, Path], withdrawn: Mapping[str, str]) -> Iterator[str]:
        try:
            index = decode_index(sound[index_path(model)].read_bytes())
        except RegistryError as error:
            yield f"{index_path(model)}: {error}"
            return
        for published in index.versions:
            bundle = sound.get(published.path)
            if bundle is None:
                yield f"{published.path}: is listed, and not there as it was signed; publish {published.version} again"
                continue
            try:
                manifest = read_bundle(bundle).manifest
            except BundleError as error:
                yield f"{published.path}: {error}"
                continue
            if (manifest.name, manifest.version) != (model, published.version):
                yield f"{published.path}: holds {manifest.name} {manifest.version}; publish the right bundle"
        yield from _patches(index, sound)
        yield from _listed_again(index, withdrawn)


def explain(folder: Path, error: Exception) -> str:
    """Says in words what a client's error means for who keeps the registry."""
    if isinstance(error, ExpiredMetadataError):
        return f"{folder}: {error}: devices refuse the registry as too old; run sagui publish --refresh"
    if isinstance(error, DownloadError):
        cause = error.__cause__ or error
        return f"{folder}: a file cannot be had: {cause}; bring it back, or publish again"
    return (
        f"{folder}: {error}: it was changed without the keys, or is another registry than the root is for; bring back "
        "a copy nobody changed"
    )


def _listed_again(index: Index, withdrawn: Mapping[str, str]) -> Iterator[str]:
    for published in index.versions:
        if same := same_precedence(published.version, withdrawn):
            yield (
                f"{published.path}: {index.model}=={same} was withdrawn on {withdrawn[same][:10]}, and is listed "
                f"again; sagui registry prune {index.model}=={published.version} takes it off"
            )


def _patches(index: Index, sound: dict[str, Path]) -> Iterator[str]:
    by_hash = {one.sha256: sound[one.path] for one in index.versions if one.path in sound}
    for published in index.versions:
        for patch in published.patches:
            if patch.path not in sound:
                yield f"{patch.path}: is listed, and not there as it was signed"
            elif (old := by_hash.get(patch.of)) and published.path in sound:
                yield from _applied(patch.path, old, sound[patch.path], sound[published.path])


def _applied(path: str, old: Path, patch: Path, whole: Path) -> Iterator[str]:
    content = whole.read_bytes()
    try:
        same = apply_patch(old.read_bytes(), patch.read_bytes(), len(content)) == content
    except RegistryError as error:
        yield f"{path}: {error}; devices take the whole bundle instead"
        return
    if not same:
        yield f"{path}: makes another bundle than was signed; devices take the whole bundle instead"


def _unlike(folder: Path, keys: Path) -> Iterator[str]:
    """Says what the keys' folder knows better."""
    try:
        load(folder)
    except PublishError:
        return  # the walk has said so
    try:
        load_ours(folder, keys)
    except (ForeignError, BehindError) as error:
        yield str(error)


def _trusted(folder: Path, root: Path | None) -> bytes:
    first = metadata_path(folder, life.ROOT, 1)
    if not first.is_file():
        load(folder)  # says what is there instead
    if root is None:
        return first.read_bytes()
    return read_root(root)


def _notes(folder: Path) -> Iterator[str]:
    try:
        state = load(folder)
    except PublishError:
        return
    if (root := folder / ROOT).is_file() and root.read_bytes() in _roots(folder)[:-1]:
        yield f"{root}: is not the newest root; sagui publish --refresh writes it again"
    yield from (line for line in notes(state, datetime.now(UTC)) if "expired" not in line)
    if left := unneeded(state):
        size = sum(path.stat().st_size for path in left)
        yield f"{len(left)} files ({size / 1e6:.1f} MB) are not needed any more; sagui registry prune deletes them"
    for model in state.models:
        if withdrawn := state.withdrawn(model):
            yield f"{model}: withdrawn, and never published again: {', '.join(withdrawn)}"
    if not any(metadata.signed.targets for metadata in state.models.values()):
        yield "no model is published yet; sagui publish M.sagui publishes one"


def _roots(folder: Path) -> list[bytes]:
    """Gives the registry's roots, oldest first."""
    roots: list[bytes] = []
    while (path := metadata_path(folder, life.ROOT, len(roots) + 1)).is_file():
        roots.append(path.read_bytes())
    return roots


def _signed(path: Path) -> Targets:
    metadata: Metadata[Targets] = Metadata.from_file(str(path))
    return metadata.signed
