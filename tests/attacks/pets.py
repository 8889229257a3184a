"""Fixtures: a real model in two versions, published; and a device that runs the older one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.attacks.devices import IMPATIENT
from tests.attacks.registry import Registry, bundle
from tests.attacks.server import Server
from tests.attacks.updating import Updating, source

from sagui.bundle import Manifest, write_bundle
from sagui.device.update.limits import LIMITS, Limits


@pytest.fixture(scope="module")
def bundles(
    make_manifest: Callable[..., Manifest],
    bundle_entries: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Path]:
    """Two versions of a real model."""
    folder = tmp_path_factory.mktemp("pets")
    one, two = (
        write_bundle(folder, make_manifest(name="pets", version=version), bundle_entries)
        for version in ("1.0.0", "1.1.0")
    )
    return one, two


@pytest.fixture
def registry(bundles: tuple[Path, Path]) -> Registry:
    honest = Registry()
    honest.publish("cats", "9.0.0", bundle(9))
    honest.publish("pets", "1.0.0", bundles[0].read_bytes())
    honest.publish("pets", "1.1.0", bundles[1].read_bytes(), patch_from=["1.0.0"])
    for _ in range(2):
        honest.release("pets", targets=True)
    return honest


@pytest.fixture
def device(registry: Registry, server: Server, bundles: tuple[Path, Path], tmp_path: Path) -> Updating:
    """It runs 1.0.0, and looked at the registry when that was honest."""
    return updating(server, registry, bundles[0], tmp_path, LIMITS)


@pytest.fixture
def impatient(registry: Registry, server: Server, bundles: tuple[Path, Path], tmp_path: Path) -> Updating:
    """Likewise; it does not wait long."""
    return updating(server, registry, bundles[0], tmp_path, IMPATIENT)


def updating(server: Server, registry: Registry, model: Path, folder: Path, limits: Limits) -> Updating:
    opened = source(server.url, registry.trusted, folder, limits)
    opened.find("pets", None)
    return Updating(model, folder, opened)
