"""What a registry says at a moment, read from its folder and checked: who publishes signs nothing that others wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp

from sagui.bundle import BundleError
from sagui.bundle.manifest import check_name
from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.errors import BehindError, ForeignError, PublishError
from sagui.deploy.registry.storage import metadata_path, target_path
from sagui.deploy.registry.withdrawn import withdrawn_of
from sagui.registry import METADATA, Index, decode_index, index_path

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


@dataclass
class State:
    """All that is signed now.

    Attributes:
        folder: The registry.
        root: The newest; its file may be newer than ``root.json``.
        models: What each model's role signed, by name.
    """

    folder: Path
    root: Metadata[Root]
    timestamp: Metadata[Timestamp]
    snapshot: Metadata[Snapshot]
    targets: Metadata[Targets]
    models: dict[str, Metadata[Targets]] = field(default_factory=dict)

    def signed(self, role: str) -> Signed:
        """Gives what a role signed; any name but those of the four roles is a model's."""
        signed: Signed = self.metadata(role).signed
        return signed

    def metadata(self, role: str) -> Metadata[Any]:
        """Gives what a role signed, with the signatures."""
        found: Metadata[Any] = getattr(self, role) if role in life.ROLES else self.models[role]
        return found

    def withdrawn(self, model: str) -> dict[str, str]:
        """Gives a model's withdrawn versions, oldest first, and when each one was (UTC, RFC 3339).

        Raises:
            ForeignError: What was signed cannot be read as such.
        """
        role = self.models.get(model)
        try:
            return withdrawn_of(role.signed) if role else {}
        except ForeignError as error:
            raise ForeignError(f"{self.folder}: {model}: {error}") from error

    def index(self, model: str) -> Index | None:
        """Reads a model's list of versions; None if it has none.

        Raises:
            ForeignError: The file is not the one that was signed.
            RegistryError: It is no list of versions.
        """
        role = self.models.get(model)
        target = role.signed.targets.get(index_path(model)) if role else None
        return decode_index(read_target(self.folder, target)) if target else None


def load(folder: Path, trusted: bytes | None = None) -> State:
    """Reads a registry from the timestamp down, and checks every signature and hash, but no expiry.

    Args:
        folder: The registry.
        trusted: A root to begin from, that is known to be ours; without it, the registry's first.

    Raises:
        ForeignError: It is no registry, another one's, or was changed.
        BehindError: It is older than the trusted root.
        PublishError: A file cannot be read.
    """
    if not metadata_path(folder, life.ROOT, 1).is_file():
        raise ForeignError(_no_registry(folder))
    root = _newest_root(folder, trusted)
    timestamp = _read(folder, Timestamp, metadata_path(folder, life.TIMESTAMP))
    _check(root.signed, life.TIMESTAMP, timestamp, folder)
    snapshot = _read(folder, Snapshot, *_named(folder, life.SNAPSHOT, timestamp.signed.snapshot_meta))
    _check(root.signed, life.SNAPSHOT, snapshot, folder)
    meta = snapshot.signed.meta
    targets = _read(folder, Targets, *_named(folder, life.TARGETS, _pinned(folder, meta, life.TARGETS)))
    _check(root.signed, life.TARGETS, targets, folder)
    state = State(folder, root, timestamp, snapshot, targets)
    for model in delegated(targets.signed):
        state.models[model] = _read(folder, Targets, *_named(folder, model, _pinned(folder, meta, model)))
        _check(targets.signed, model, state.models[model], folder)
        if any("sha256" not in one.hashes for one in state.models[model].signed.targets.values()):
            raise ForeignError(f"{folder}: {model} names files without their SHA-256; no registry of sagui does")
        state.withdrawn(model)
    return state


def delegated(targets: Targets) -> list[str]:
    """Names the models that have a role of their own.

    Raises:
        ForeignError: A name is no model's.
    """
    roles = (targets.delegations.roles if targets.delegations else None) or {}
    for name in roles:
        try:
            check_name(name, "1.0.0")
        except BundleError as error:
            raise ForeignError(f"{name!r} has a key, and is no model's name; this is no registry of sagui") from error
    return sorted(roles)


def read_target(folder: Path, target: TargetFile) -> bytes:
    """Reads a target's file.

    Raises:
        ForeignError: It is not the one that was signed, or is gone.
    """
    path = target_path(folder, target.path, target.hashes["sha256"])
    try:
        content = path.read_bytes()
        target.verify_length_and_hashes(content)
    except FileNotFoundError as error:
        raise ForeignError(f"{path}: is missing; bring it back, or publish its bundle again") from error
    except RepositoryError as error:
        raise ForeignError(f"{path}: is not the file that was signed; bring it back, or publish it again") from error
    return content


def _newest_root(folder: Path, trusted: bytes | None) -> Metadata[Root]:
    first = metadata_path(folder, life.ROOT, 1)
    root = _decode(Root, trusted or first.read_bytes(), first)
    _verify_root(root, None, first)
    if trusted:
        _check_ours(folder, root.signed.version, trusted)
    while (path := metadata_path(folder, life.ROOT, root.signed.version + 1)).is_file():
        later = _decode(Root, path.read_bytes(), path)
        _verify_root(later, root.signed, path)
        root = later
    return root


def _check_ours(folder: Path, version: int, trusted: bytes) -> None:
    same = metadata_path(folder, life.ROOT, version)
    if not same.is_file():
        raise BehindError(f"{folder}: is behind: it lacks root {version}, which is trusted; bring back the newest copy")
    if same.read_bytes() != trusted:
        raise ForeignError(
            f"{folder}: is another registry: its root {version} is not the trusted one; give the keys "
            "and the registry that belong together"
        )


def _verify_root(root: Metadata[Root], before: Root | None, path: Path) -> None:
    try:
        verified = root.signed.get_root_verification_result(before, root.signed_bytes, root.signatures)
    except ValueError as error:
        raise ForeignError(f"{path}: does not follow the root before it; bring back a copy nobody changed") from error
    if not verified:
        raise ForeignError(f"{path}: lacks signatures that the root before it asks for; the registry was changed")


def _pinned(folder: Path, meta: Mapping[str, MetaFile], role: str) -> MetaFile:
    if f"{role}.json" not in meta:
        raise ForeignError(f"{folder}: the snapshot lacks {role}; bring back a copy of the registry nobody changed")
    return meta[f"{role}.json"]


def _named(folder: Path, role: str, meta: MetaFile) -> tuple[Path, MetaFile]:
    return metadata_path(folder, role, meta.version), meta


def _read(folder: Path, kind: type[T], path: Path, meta: MetaFile | None = None) -> Metadata[T]:
    try:
        content = path.read_bytes()
        if meta:
            meta.verify_length_and_hashes(content)
    except FileNotFoundError as error:
        shown = path.relative_to(folder)
        raise ForeignError(f"{folder}: {shown} is missing; bring back a copy of the registry that is whole") from error
    except OSError as error:
        raise PublishError(f"{path}: cannot be read: {error.strerror}") from error
    except RepositoryError as error:
        raise ForeignError(f"{path}: is not the file that was signed; bring back a copy nobody changed") from error
    metadata = _decode(kind, content, path)
    if meta and metadata.signed.version != meta.version:
        raise ForeignError(f"{path}: says version {metadata.signed.version}; bring back a copy nobody changed")
    return metadata


def _decode(kind: type[T], content: bytes, path: Path) -> Metadata[T]:
    try:
        metadata: Metadata[T] = Metadata.from_bytes(content)
    except RepositoryError as error:
        raise ForeignError(f"{path}: is no TUF metadata; this is no registry of sagui, or it was changed") from error
    if not isinstance(metadata.signed, kind):
        raise ForeignError(f"{path}: is no {kind.type} metadata; bring back a copy of the registry nobody changed")
    return metadata


def _check(by: Root | Targets, role: str, metadata: Metadata[T], folder: Path) -> None:
    try:
        by.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError) as error:
        raise ForeignError(
            f"{folder}: {role} is not signed by the registry's keys ({error}); bring back a copy nobody changed"
        ) from error


def _no_registry(folder: Path) -> str:
    if not folder.exists():
        return f"{folder}: does not exist; sagui keys init --registry {folder} makes a registry"
    if not any(one for one in folder.iterdir() if not one.name.startswith(".")):
        return f"{folder}: is empty; sagui keys init --registry {folder} makes a registry in it"
    return f"{folder}: is no registry: {METADATA}/1.root.json is not there; give the folder of sagui keys init"
