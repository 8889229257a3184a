"""A device that knows an honest registry."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.attacks.devices import Device
from tests.attacks.registry import Registry, bundle
from tests.attacks.server import Server, serving


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here cuts the power: the disk need not be waited for."""
    monkeypatch.setattr(os, "fsync", int)


@pytest.fixture
def registry() -> Registry:
    """Two models, in one version each."""
    honest = Registry()
    honest.publish("cats", "9.0.0", bundle(9))
    honest.publish("pets", "1.0.0", bundle(0))
    return honest


@pytest.fixture
def server(registry: Registry) -> Iterator[Server]:
    with serving(registry.files) as running:
        yield running


@pytest.fixture
def device(registry: Registry, server: Server, tmp_path: Path) -> Device:
    """It has seen the registry when it was honest."""
    new = Device(server, registry.trusted, tmp_path)
    new.update("1.0.0")
    return new
