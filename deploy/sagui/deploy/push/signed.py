"""What of a registry a device must see before it trusts one bundle.

The device checks every signature with its own root. This finds the files, and says early what the device would refuse.
"""

import re
from pathlib import Path

from sagui.deploy.push.errors import PushError
from sagui.deploy.push.parcel import Parcel, Piece, bare_parcel, piece_of
from sagui.deploy.registry.lifetimes import ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from sagui.deploy.registry.state import State, load
from sagui.deploy.registry.storage import metadata_path, target_path
from sagui.registry import METADATA, bundle_path, index_path

_ROOTS = re.compile(r"[0-9]+\.root\.json")


def signed_parcel(bundle: Path, registry: Path) -> Parcel:
    """A bundle, with the metadata that vouches for it and the list of its model's versions.

    Args:
        bundle: A file that was published before.
        registry: The folder it was published to.

    Raises:
        PushError: It is no bundle, or the registry does not hold it or expired.
        SaguiError: The folder is no registry, or was changed.
    """
    bare = bare_parcel(bundle)
    state = load(registry)
    _require_fresh(state, bare.model)
    _require_published(state, bare, bundle)
    signed = state.models[bare.model].signed.targets
    paths = (index_path(bare.model), bundle_path(bare.model, bare.version))
    index, piece = (_piece(registry, target_path(registry, path, signed[path].hashes["sha256"])) for path in paths)
    if piece.sha256 != bare.bundle.sha256:
        raise PushError(f"{piece.source}: is not the file that was signed; publish {bundle} again")
    return Parcel(bare.model, bare.version, piece, (*_metadata(state, bare.model), index))


def newest_root(registry: Path) -> Path:
    """The file of the root that a new device is given to trust.

    Raises:
        SaguiError: The folder is no registry, or was changed.
    """
    return metadata_path(registry, ROOT, load(registry).root.signed.version)


def _metadata(state: State, model: str) -> tuple[Piece, ...]:
    """All roots, so that a device with an old one finds its way, and the newest of the rest."""
    folder, meta = state.folder, state.snapshot.signed.meta
    roots = sorted(path for path in (folder / METADATA).iterdir() if _ROOTS.fullmatch(path.name))
    rest = (
        metadata_path(folder, TIMESTAMP),
        metadata_path(folder, SNAPSHOT, state.snapshot.signed.version),
        *(metadata_path(folder, role, meta[f"{role}.json"].version) for role in (TARGETS, model)),
    )
    return tuple(_piece(folder, path) for path in (*roots, *rest))


def _piece(registry: Path, path: Path) -> Piece:
    return piece_of(path, path.relative_to(registry).as_posix())


def _require_fresh(state: State, model: str) -> None:
    roles = (ROOT, TIMESTAMP, SNAPSHOT, TARGETS, *([model] if model in state.models else []))
    for role in roles:
        signed = state.signed(role)
        if signed.is_expired():
            raise PushError(
                f"{state.folder}: its {role} expired at {signed.expires:%Y-%m-%d %H:%M} UTC, and no device takes what "
                f"it says; renew it: sagui publish --refresh --registry {state.folder}"
            )


def _require_published(state: State, bare: Parcel, bundle: Path) -> None:
    index = state.index(bare.model) if bare.model in state.models else None
    published = index.find(bare.version) if index else None
    if published is None:
        raise PushError(
            f"{state.folder}: does not hold {bare.title} of {bundle}; publish it first: "
            f"sagui publish {bundle} --registry {state.folder}"
        )
    if published.sha256 != bare.bundle.sha256:
        raise PushError(
            f"{bundle}: the registry {state.folder} has another bundle as {bare.title}; push the file that was "
            "published, or publish this one as a new version"
        )
