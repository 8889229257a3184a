"""A registry, bundles to publish, and a device that reads it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tuf.ngclient import Updater

from sagui.bundle import Manifest, encode_golden, write_bundle
from sagui.bundle.golden import Golden
from sagui.bundle.manifest import Metrics
from sagui.bundle.metrics import Measure, proportion
from sagui.deploy.registry.create import Plan, create
from sagui.deploy.registry.fetcher import BASE, FolderFetcher
from sagui.registry import Index, decode_index, index_path

NOW = datetime.now(UTC)
TRUNK = np.random.default_rng(11).bytes(60_000)
MakeBundle = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here cuts the power: the disk need not be waited for."""
    monkeypatch.setattr(os, "fsync", int)


@pytest.fixture
def make_bundle(make_manifest: Callable[..., Manifest], tmp_path: Path) -> MakeBundle:
    """Bundles on one frozen trunk; the head is what a version retrained."""

    def make(
        version: str = "1.0.0", name: str = "pets", head: bytes = b"", trunk: bytes = TRUNK, hits: int = 1000
    ) -> Path:
        accuracy = Measure(accuracy=proportion(hits, 1000), macro_f1=0.0, recall={}, confusion=())
        metrics = Metrics(float=accuracy, exported=accuracy)
        golden = Golden(np.zeros((3, 16, 16, 3), np.uint8), np.zeros((3, 3), np.float32))
        texts = {"report.json": b"{}", "report.html": b"", "README.md": b""}
        entries = {"model.tflite": trunk + head, "golden.npz": encode_golden(golden), **texts}
        folder = tmp_path / "bundles" / (head.hex()[:8] or "plain")
        return write_bundle(folder, make_manifest(name=name, version=version, metrics=metrics), entries)

    return make


@dataclass
class Place:
    """A registry and its keys."""

    folder: Path
    keys: Path
    now: datetime = NOW
    root: bytes = b""

    def files(self) -> dict[str, bytes]:
        paths = (path for path in self.folder.rglob("*") if path.is_file() and path.name != ".lock")
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "registry", tmp_path / "keys")
    create(made.folder, made.keys, now=NOW)
    made.root = (made.folder / "root.json").read_bytes()
    return made


@dataclass
class Device:
    """What python-tuf's client knows, kept from one look to the next."""

    folder: Path
    root: bytes
    state: Path
    seen: dict[str, bytes] = field(default_factory=dict)

    def look(self) -> Updater:
        """Renews what is known, as a device does each hour."""
        self.state.mkdir(exist_ok=True)
        updater = Updater(
            str(self.state),
            f"{BASE}/metadata/",
            str(self.state),
            f"{BASE}/targets/",
            FolderFetcher(self.folder),
            bootstrap=self.root,
        )
        updater.refresh()
        return updater

    def index(self, model: str = "pets") -> Index | None:
        updater = self.look()
        target = updater.get_targetinfo(index_path(model))
        return decode_index(Path(updater.download_target(target)).read_bytes()) if target else None

    def versions(self, model: str = "pets") -> list[str]:
        index = self.index(model)
        return [one.version for one in index.versions] if index else []

    def fetch(self, path: str) -> bytes:
        updater = self.look()
        target = updater.get_targetinfo(path)
        assert target, f"{path} is not offered"
        return Path(updater.download_target(target)).read_bytes()


@pytest.fixture
def device(place: Place, tmp_path: Path) -> Device:
    return Device(place.folder, place.root, tmp_path / "device")


@pytest.fixture
def new_device(tmp_path: Path) -> Callable[[Place], Device]:
    def make(place: Place) -> Device:
        return Device(place.folder, place.root, tmp_path / f"device-{os.urandom(4).hex()}")

    return make


@pytest.fixture
def make_place(tmp_path: Path) -> Callable[..., Place]:
    """Another registry, with keys of its own."""

    def make(name: str, plan: Plan | None = None) -> Place:
        made = Place(tmp_path / name, tmp_path / f"{name}-keys")
        create(made.folder, made.keys, plan, now=NOW)
        made.root = (made.folder / "root.json").read_bytes()
        return made

    return make
