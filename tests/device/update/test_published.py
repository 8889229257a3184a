"""What the operator's own publisher writes, a device reads; served as `sagui registry serve` serves it."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import uvicorn

from sagui.bundle import Manifest, encode_golden, write_bundle
from sagui.bundle.golden import Golden
from sagui.deploy.registry.create import create
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.refresh import refresh
from sagui.deploy.registry.rotate import Rotator
from sagui.deploy.registry.serve import application
from sagui.device.errors import DistrustError, SourceError
from sagui.device.update.fetch import part_of
from sagui.device.update.tuf_source import TufSource

NOW = datetime.now(UTC)
TRUNK = np.random.default_rng(5).bytes(200_000)


class Field:
    """A registry with its keys, and a device far away from it."""

    def __init__(self, folder: Path, manifest: Callable[..., Manifest]) -> None:
        self._folder, self._manifest = folder, manifest
        self.registry, self.keys = folder / "registry", folder / "keys"
        create(self.registry, self.keys, now=NOW)
        self.root = (self.registry / "root.json").read_bytes()
        self.url = self.registry.as_uri()
        self.fetched: list[tuple[int, int]] = []

    def publish(self, version: str, name: str = "pets") -> Path:
        """Publishes a bundle with a trunk of which only the head is new."""
        golden = Golden(np.zeros((3, 16, 16, 3), np.uint8), np.zeros((3, 3), np.float32))
        texts = {"report.json": b"{}", "report.html": b"", "README.md": b""}
        entries = {"model.tflite": TRUNK + version.encode() * 9, "golden.npz": encode_golden(golden), **texts}
        path = write_bundle(self._folder, self._manifest(name=name, version=version), entries)
        publish(path, self.registry, self.keys, now=NOW)
        return path

    def source(self) -> TufSource:
        return TufSource(self.url, self.root, self._folder / "device")

    def update(self, version: str | None = None, have: Path | None = None) -> bytes:
        source = self.source()
        to = self._folder / "fetched.sagui"
        self.fetched.clear()
        source.fetch(source.find("pets", version), to, have, lambda *told: self.fetched.append(told))
        return to.read_bytes()


@pytest.fixture
def field(tmp_path: Path, make_manifest: Callable[..., Manifest], monkeypatch: pytest.MonkeyPatch) -> Field:
    monkeypatch.setattr(os, "fsync", int)  # nothing here cuts the power
    return Field(tmp_path, make_manifest)


@pytest.fixture
def served(field: Field) -> Iterator[Field]:
    config = uvicorn.Config(application(field.registry), host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    field.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield field
    server.should_exit = True
    thread.join(10)


def test_versions_go_from_publisher_to_device(served: Field) -> None:
    old = served.publish("1.0.0")
    assert served.update() == old.read_bytes()
    new = served.publish("1.1.0+pi5")
    assert served.source().find("pets", None).version == "1.1.0+pi5"
    assert served.update("1.0.0") == old.read_bytes()
    assert served.update(have=old) == new.read_bytes()
    assert served.fetched[-1][1] < len(TRUNK) / 10, "it was not the patch that was fetched"


def test_a_file_that_was_begun_is_gone_on_with(served: Field) -> None:
    path = served.publish("1.0.0")
    source = served.source()
    candidate = source.find("pets", None)
    to = path.with_name("fetched.sagui")
    part_of(to, candidate.sha256).write_bytes(path.read_bytes()[:150_000])
    source.fetch(candidate, to, None, lambda *told: served.fetched.append(told))
    assert to.read_bytes() == path.read_bytes()
    assert served.fetched[0] == (150_000, candidate.bytes)
    assert served.fetched[1][0] > 150_000


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "pets"])
def test_new_keys_are_followed(role: str, field: Field) -> None:
    field.publish("1.0.0")
    field.update()
    Rotator(field.registry, field.keys, now=NOW).rotate(role)
    new = field.publish("1.1.0")
    assert field.update() == new.read_bytes()


def test_a_renewal_changes_nothing_but_the_days(field: Field) -> None:
    new = field.publish("1.0.0")
    field.update()
    refresh(field.registry, field.keys, now=NOW + timedelta(hours=1))
    assert field.update() == new.read_bytes()


def test_an_empty_registry_has_no_model(field: Field) -> None:
    with pytest.raises(SourceError, match="has no model 'pets'"):
        field.update()


def test_the_registry_of_another_publisher_is_refused(
    field: Field, tmp_path: Path, make_manifest: Callable[..., Manifest]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    foreign = Field(other, make_manifest)
    foreign.publish("9.0.0")
    field.url = foreign.url
    with pytest.raises(DistrustError, match="wrong key"):
        field.update()
