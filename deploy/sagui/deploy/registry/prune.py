"""Withdrawing versions, and deleting what nobody is told of any more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.create import keep_apart
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.keyring.files import Keyring
from sagui.deploy.registry.memory import load_ours, remember
from sagui.deploy.registry.publish import put_index
from sagui.deploy.registry.release import Release
from sagui.deploy.registry.state import State
from sagui.deploy.registry.storage import LOCK, metadata_path, only_writer, target_path
from sagui.deploy.registry.versions import choose_withdrawn, without
from sagui.deploy.registry.withdrawn import remember_withdrawn
from sagui.registry import METADATA, ROOT, TARGETS, Index, index_path

KEPT_METADATA = 5
"""So many states before the present one stay readable, for devices that are reading them."""


@dataclass(frozen=True)
class Pruned:
    """What went.

    Attributes:
        withdrawn: By model; they cannot be installed any more.
        files: How many files were deleted.
        bytes: Their size.
    """

    withdrawn: dict[str, list[str]]
    files: int
    bytes: int


def prune(
    folder: Path,
    keys: Path,
    *,
    now: datetime,
    keep: int | None = None,
    named: Sequence[str] = (),
    keyring: Keyring | None = None,
) -> Pruned:
    """Withdraws versions, for ever, and then deletes every file that no signature speaks of.

    Args:
        folder: The registry.
        keys: Where the keys are; those of the models that change, of snapshot and timestamp.
        now: UTC.
        keep: How many of the newest versions of each model stay; None withdraws those that are named alone.
        named: ``MODEL==VERSION``.
        keyring: The keys, opened; else those in ``keys``.

    Raises:
        PublishError: A version is not published, a key is missing, or the registry is not ours, behind, or being
            changed. Nothing is deleted then.
    """
    keep_apart(folder, keys)
    wanted = _by_model(named)
    load_ours(folder, keys)
    with only_writer(folder):
        state = load_ours(folder, keys)
        withdrawn = {model: gone for model, gone in _choose(state, keep, wanted).items() if gone}
        if withdrawn:
            release = Release(state, keyring or Keyring(keys), now)
            release.unlock(*withdrawn)
            for model, gone in withdrawn.items():
                _withdraw(state, model, gone, now)
            release.commit(withdrawn)
            remember(keys, state)
        files, size = _sweep(state)
    return Pruned(withdrawn, files, size)


def needed(state: State) -> set[Path]:
    """Names every file that signatures speak of, and the states just before."""
    paths = {state.folder / ROOT, state.folder / LOCK, metadata_path(state.folder, life.TIMESTAMP)}
    paths |= {metadata_path(state.folder, life.ROOT, one + 1) for one in range(state.root.signed.version)}
    for role in (life.SNAPSHOT, life.TARGETS, *state.models):
        version = state.signed(role).version
        first = max(1, version - KEPT_METADATA)
        paths |= {metadata_path(state.folder, role, one) for one in range(first, version + 1)}
    for metadata in state.models.values():
        for path, target in metadata.signed.targets.items():
            paths.add(target_path(state.folder, path, target.hashes["sha256"]))
    return paths


def unneeded(state: State) -> list[Path]:
    """Lists the files in the registry's two folders that nobody is told of: old lists, and what a kill left behind."""
    keep = needed(state)
    places = (state.folder / METADATA, state.folder / TARGETS)
    return [path for place in places for path in sorted(place.rglob("*")) if path.is_file() and path not in keep]


def _by_model(named: Iterable[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for text in named:
        model, found, version = text.partition("==")
        if not (model and found and version):
            raise PublishError(f"{text!r} names no version: give MODEL==VERSION, such as pets==1.4.0")
        wanted.setdefault(model, []).append(version)
    return wanted


def _choose(state: State, keep: int | None, wanted: dict[str, list[str]]) -> dict[str, list[str]]:
    indexes = {model: index for model in state.models if (index := state.index(model))}
    for model, versions in wanted.items():
        _refuse_gone(state, model, versions, indexes.get(model))
        if model not in indexes:
            raise PublishError(f"{model}: no version of it is published; there are {', '.join(indexes) or 'no models'}")
    return {model: choose_withdrawn(index, keep=keep, named=wanted.get(model, ())) for model, index in indexes.items()}


def _refuse_gone(state: State, model: str, versions: list[str], index: Index | None) -> None:
    withdrawn = state.withdrawn(model)
    for version in versions:
        if version in withdrawn and not (index and index.find(version)):
            raise PublishError(f"{model}=={version} was withdrawn already, on {withdrawn[version][:10]}; leave it out")


def _withdraw(state: State, model: str, gone: list[str], now: datetime) -> None:
    index, targets = state.index(model), state.models[model].signed.targets
    if index is None:
        return
    remember_withdrawn(state.models[model].signed, gone, now)
    for version in gone:
        if published := index.find(version):
            for path in (published.path, *(patch.path for patch in published.patches)):
                targets.pop(path, None)
    left: Index | None = without(index, gone)
    if left is None:
        # The model's role stays: devices refuse a snapshot that has forgotten one.
        targets.pop(index_path(model), None)
    else:
        put_index(state, model, list(left.versions))


def _sweep(state: State) -> tuple[int, int]:
    files = unneeded(state)
    size = sum(path.stat().st_size for path in files)
    for path in files:
        path.unlink()
    return len(files), size
