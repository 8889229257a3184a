"""A registry in memory that signs honestly, and then serves whatever an attacker wants.

Who holds a key can be seen in `Keys`; what is served are the bytes of `Registry.files`, by path. An attack takes an
honest registry and changes the one or the other.
"""

from collections.abc import Iterable
from copy import copy, deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from sagui.registry import Index, Patch, Published, bundle_path, encode_index, index_path, patch_path
from sagui.registry.patch import make_patch

TOP = ("root", "timestamp", "snapshot", "targets")
LIFETIME = timedelta(days=30)


def new_key() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def bundle(seed: int, size: int = 40_000) -> bytes:
    """Bytes to publish: who only carries them does not look inside."""
    return np.random.default_rng(seed).bytes(size)


@dataclass
class Keys:
    """Who signs what, by role."""

    signers: dict[str, list[CryptoSigner]] = field(default_factory=lambda: {role: [new_key()] for role in TOP})


class Registry:
    """Signs and serves models.

    Attributes:
        files: What is served, by path below the registry.
        trusted: The first root, which devices are given.
        timestamp: As it will be signed next; likewise the other lists.
        roles: The lists of the models.
    """

    def __init__(self, *, hashes: bool = False) -> None:
        """Begins a registry without models; with ``hashes``, lists name the hashes of each other."""
        self.keys = Keys()
        self.files: dict[str, bytes] = {}
        self._hashes = hashes
        self._versions: dict[str, list[Published]] = {}
        self._bundles: dict[str, bytes] = {}
        until = datetime.now(UTC).replace(microsecond=0) + LIFETIME
        self.root = Root(expires=until, consistent_snapshot=True)
        self.timestamp = Timestamp(version=1, expires=until)
        self.snapshot = Snapshot(version=1, expires=until)
        self.targets = Targets(version=1, expires=until, delegations=Delegations({}, {}))
        self.roles: dict[str, Targets] = {}
        for role in TOP:
            self.root.add_key(self.keys.signers[role][0].public_key, role)
        self.trusted = self.sign_root()
        for role in ("targets", "snapshot", "timestamp"):
            self.sign(role)

    def twin(self) -> "Registry":
        """Gives another one in the same state, with the same keys."""
        other = copy(self)
        for name in ("root", "timestamp", "snapshot", "targets", "roles", "files", "_versions", "_bundles"):
            setattr(other, name, deepcopy(getattr(self, name)))
        other.keys = Keys({role: list(of) for role, of in self.keys.signers.items()})
        return other

    def becomes(self, other: "Registry") -> None:
        """Serves what another one does."""
        self.files.clear()
        self.files.update(other.files)

    def restore(self, other: "Registry") -> None:
        """Goes on as another one, at the same address."""
        files = self.files
        self.__dict__.update(other.__dict__)
        self.files = files
        self.becomes(other)

    # Honest work.

    def publish(self, model: str, version: str, content: bytes, *, patch_from: Iterable[str] = ()) -> Published:
        """Adds a version of a model, and releases it."""
        role = self.roles.get(model) or self._delegate(model)
        patches = tuple(self._patch(model, self._bundle(model, old), content) for old in patch_from)
        path = bundle_path(model, version)
        self.add_target(role, path, content)
        one = Published(
            version=version,
            path=path,
            sha256=digest(content),
            bytes=len(content),
            published="2026-11-20T10:00:00Z",
            patches=patches,
        )
        self._versions.setdefault(model, []).append(one)
        self._bundles[path] = content
        self.put_index(model)
        self.release(model)
        return one

    def versions(self, model: str) -> tuple[Published, ...]:
        """What was published of a model, oldest first."""
        return tuple(self._versions[model])

    def put_index(self, model: str, *versions: Published, name: str | None = None) -> None:
        """Writes the list of a model's versions; those that were published, if none are given."""
        listed = versions or self.versions(model)
        index = Index(model=name or model, latest=listed[-1].version, versions=listed)
        self.add_target(self.roles[model], index_path(model), encode_index(index))

    def add_target(self, role: Targets, path: str, content: bytes) -> None:
        """Has a role sign for a file the next time, and serves it."""
        role.targets[path] = TargetFile.from_data(path, content, ["sha256"])
        self.put_target(path, content)

    def put_target(self, path: str, content: bytes, under: str | None = None) -> None:
        """Serves a file where a device looks for the one of a hash; by default its own."""
        folder, _, name = path.rpartition("/")
        self.files[f"targets/{folder}/{under or digest(content)}.{name}"] = content

    def release(self, *models: str, targets: bool = False) -> None:
        """Signs and serves the models' lists, and those above them."""
        for model in models:
            self.roles[model].version += 1
            self.sign(model)
        if targets:
            self.targets.version += 1
        self.sign("targets")
        self.snapshot.version += 1
        self.sign("snapshot")
        self.timestamp.version += 1
        self.sign("timestamp")

    def sign(self, role: str) -> bytes:
        """Signs a list as it is, and serves it under its version, as the lists above will say."""
        document = self._signed(role)
        content, signed = self._bytes(document, role), document.signed
        self.files[f"metadata/{'' if role == 'timestamp' else f'{signed.version}.'}{role}.json"] = content
        meta = MetaFile(signed.version, len(content), {"sha256": digest(content)}) if self._hashes else None
        if role == "snapshot":
            self.timestamp.snapshot_meta = meta or MetaFile(signed.version)
        elif role != "timestamp":
            self.snapshot.meta[f"{role}.json"] = meta or MetaFile(signed.version)
        return content

    def sign_root(self, *also: CryptoSigner) -> bytes:
        """Signs the root as it is, with its own keys and others: those of the root before, if they changed."""
        content = self._bytes(Metadata(self.root), "root", also)
        self.files[f"metadata/{self.root.version}.root.json"] = content
        return content

    def rotate(self, *roles: str) -> None:
        """Gives roles new keys by a new root, which the old root's keys sign, too; the lists are signed anew."""
        before = list(self.keys.signers["root"])
        for role in roles:
            for old in self.keys.signers[role]:
                self.root.revoke_key(old.public_key.keyid, role)
            self.keys.signers[role] = [new_key()]
            self.root.add_key(self.keys.signers[role][0].public_key, role)
        self.root.version += 1
        self.sign_root(*before)

    def _delegate(self, model: str) -> Targets:
        signer = new_key()
        self.keys.signers[model] = [signer]
        self.roles[model] = Targets(version=1, expires=self.targets.expires)
        delegations = self.targets.delegations
        assert delegations is not None
        assert delegations.roles is not None
        delegations.roles[model] = DelegatedRole(model, [], 1, terminating=True, paths=[f"{model}/*"])
        self.targets.add_key(signer.public_key, model)
        self.targets.version += 1
        return self.roles[model]

    def _bundle(self, model: str, version: str) -> bytes:
        return self._bundles[bundle_path(model, version)]

    def _patch(self, model: str, old: bytes, new: bytes) -> Patch:
        patch, path = make_patch(old, new), patch_path(model, digest(old), digest(new))
        self.add_target(self.roles[model], path, patch)
        return Patch(of=digest(old), path=path, bytes=len(patch))

    def _signed(self, role: str) -> Metadata[Any]:
        """A list as it is, in the envelope for signatures."""
        top: dict[str, Metadata[Any]] = {
            "timestamp": Metadata(self.timestamp),
            "snapshot": Metadata(self.snapshot),
            "targets": Metadata(self.targets),
        }
        return top.get(role) or Metadata(self.roles[role])

    def _bytes(self, document: Metadata[Any], role: str, also: Iterable[CryptoSigner] = ()) -> bytes:
        for signer in (*self.keys.signers[role], *also):
            document.sign(signer, append=True)
        return document.to_bytes()
