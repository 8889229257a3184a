"""A registry with bundles, for the pages to show."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sagui.bundle import Manifest, encode_golden, write_bundle
from sagui.bundle.golden import Golden
from sagui.deploy.registry.create import create
from sagui.deploy.registry.prune import prune
from sagui.deploy.registry.publish import Wish, publish

HTML = b"<h1>How good is it?</h1>"


class Registry:
    """A registry, its keys, and bundles to publish."""

    def __init__(self, folder: Path, make_manifest: Callable[..., Manifest]) -> None:
        self.folder, self._keys = folder / "registry", folder / "keys"
        self._bundles, self._make_manifest = folder / "bundles", make_manifest
        create(self.folder, self._keys, now=datetime.now(UTC))

    @property
    def root(self) -> Path:
        return self.folder / "root.json"

    def publish(self, version: str, name: str = "pets", html: bytes = HTML, **changes: Any) -> Path:
        """Publishes a bundle; gives its file in the registry."""
        golden = Golden(np.zeros((3, 16, 16, 3), np.uint8), np.zeros((3, 3), np.float32))
        texts = {"report.json": b"{}", "report.html": html, "README.md": b""}
        entries = {"model.tflite": version.encode(), "golden.npz": encode_golden(golden), **texts}
        made = write_bundle(self._bundles, self._make_manifest(name=name, version=version, **changes), entries)
        publish(made, self.folder, self._keys, now=datetime.now(UTC), wish=Wish(0, {}))
        return next(self.folder.glob(f"targets/{name}/*.{name}-{version}.sagui"))

    def withdraw(self, version: str, name: str = "pets") -> None:
        prune(self.folder, self._keys, now=datetime.now(UTC), named=(f"{name}=={version}",))
