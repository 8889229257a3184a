"""A small registry, signed with keys of its own: static files as `sagui.registry` lays them out."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from securesystemslib.signer._crypto_signer import CryptoSigner
from tuf.api._payload import (
    DelegatedRole,
    Delegations,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.metadata import Metadata

from sagui.registry import (
    METADATA,
    TARGETS,
    Index,
    Published,
    bundle_path,
    encode_index,
    index_path,
)

_EXPIRES = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


@dataclass
class Registry:
    """A folder that bundles of one model are published in."""

    folder: Path
    model: str = "toy"
    signer: CryptoSigner = field(default_factory=CryptoSigner.generate_ed25519)
    number: int = 0
    published: list[Published] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    @property
    def root(self) -> Path:
        return self.folder / METADATA / "1.root.json"

    def publish(self, *bundles: Path) -> None:
        """Signs all that was published so far, and these."""
        self.number += 1
        files = [self._add(bundle) for bundle in bundles]
        for path, version, content in files:
            one = Published(
                version=version,
                path=path,
                sha256=sha256(content).hexdigest(),
                bytes=len(content),
                published="2026-01-02T03:04:05Z",
            )
            self.published.append(one)
        index = encode_index(Index(model=self.model, latest=self.published[-1].version, versions=tuple(self.published)))
        self._put(index_path(self.model), index)
        contents = {one.path: self._content(one) for one in self.published} | {index_path(self.model): index}
        self._sign(contents)

    def _add(self, bundle: Path) -> tuple[str, str, bytes]:
        version = bundle.stem.removeprefix(f"{self.model}-")
        path, content = bundle_path(self.model, version), bundle.read_bytes()
        self._put(path, content)
        return path, version, content

    def _content(self, one: Published) -> bytes:
        return self._file(one.path, one.sha256).read_bytes()

    def _file(self, path: str, digest: str) -> Path:
        folder, _, name = path.partition("/")
        return self.folder / TARGETS / folder / f"{digest}.{name}"

    def _put(self, path: str, content: bytes) -> None:
        file = self._file(path, sha256(content).hexdigest())
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def _sign(self, contents: dict[str, bytes]) -> None:
        number, key = self.number, self.signer.public_key
        if number == 1:
            root = Root(1, expires=_EXPIRES, consistent_snapshot=True)
            for role in ("root", "timestamp", "snapshot", "targets"):
                root.add_key(key, role)
            self._write("1.root.json", Metadata(root))
        delegated = DelegatedRole(self.model, [key.keyid], 1, terminating=True, paths=[f"{self.model}/*"])
        targets = Targets(number, expires=_EXPIRES, delegations=Delegations({key.keyid: key}, {self.model: delegated}))
        own = Targets(
            number,
            expires=_EXPIRES,
            targets={path: TargetFile.from_data(path, content, ["sha256"]) for path, content in contents.items()},
        )
        meta = {"targets.json": MetaFile(number), f"{self.model}.json": MetaFile(number)}
        self._write(f"{number}.targets.json", Metadata(targets))
        self._write(f"{number}.{self.model}.json", Metadata(own))
        self._write(f"{number}.snapshot.json", Metadata(Snapshot(number, expires=_EXPIRES, meta=meta)))
        self._write("timestamp.json", Metadata(Timestamp(number, expires=_EXPIRES, snapshot_meta=MetaFile(number))))

    def _write(self, name: str, metadata: Metadata[Any]) -> None:
        metadata.sign(self.signer)
        (self.folder / METADATA).mkdir(parents=True, exist_ok=True)
        (self.folder / METADATA / name).write_bytes(metadata.to_bytes())
