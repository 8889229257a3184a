"""What a device is put through, and how each of it is to end."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tests.torture.device import MODEL, Life, World, make_bundle
from tests.torture.signed import tuf_source

from sagui.device.store import Store
from sagui.device.store import ledger as ledgers
from sagui.device.update.fetching import bring
from sagui.device.update.folder_source import FolderSource
from sagui.device.update.source import Source

VERSIONS = ("0.8.0", "0.9.0", "1.0.0", "1.1.0")

YEARS_S = 30 * 365.25 * 86_400


@dataclass(frozen=True)
class Scenario:
    """A story of one device.

    Attributes:
        name: For a person.
        ends: Which version is at work in the end.
        special: Makes its `World` special.
        slots: Whether the old model, and one before it, are in the store already.
        source: Where models come from, if not from a folder.
        audited: Whether things happen at the calls to the system, too, which do not go through the store's disk.
    """

    name: str
    ends: Literal["old", "new"] = "new"
    special: Callable[[World], World] = lambda world: world
    slots: bool = False
    source: Callable[[Life], Source] | None = None
    audited: bool = False

    def prepare(self, folder: Path, models: Path) -> World:
        """Makes the device as it is before anything happens."""
        world = self.special(World(folder, models))
        if self.slots:
            world = replace(world, settings="0.8.0")
            store = Store(world.store)
            for version in ("0.9.0", world.old):
                _put(store, models, version)
        return world


SCENARIOS = (
    Scenario("a plan, over the settings' model"),
    Scenario("a plan, over two models in the store", slots=True),
    Scenario("a plan, from a signed registry", slots=True, source=tuf_source, audited=True),
    Scenario("a person on the device", special=lambda world: replace(world, person=True), slots=True),
    Scenario("clocks that jump by 30 years", special=lambda world: replace(world, jump_s=YEARS_S)),
    Scenario("a model that disagrees in the shadow", "old", lambda world: replace(world, unfit=True), slots=True),
    Scenario("a model that crashes the agent when it is proven", "old", lambda world: replace(world, deadly=True)),
    Scenario("a model that is not well at work", "old", lambda world: replace(world, ill=True), slots=True),
    Scenario("a model that cannot be loaded", "old", lambda world: replace(world, unloadable=True)),
    Scenario(
        "a model that crashes the agent at each start", "old", lambda world: replace(world, crashes=True), slots=True
    ),
)


def make_models(folder: Path) -> Path:
    """Makes the registry that all scenarios share."""
    folder.mkdir(parents=True)
    for version in VERSIONS:
        (folder / f"{MODEL}-{version}.sagui").write_bytes(make_bundle(version))
    return folder


def copy_of(world: World, folder: Path) -> World:
    """Gives the same device, to be tortured in its place."""
    shutil.copytree(world.folder, folder)
    return replace(world, folder=folder)


def _put(store: Store, models: Path, version: str) -> None:
    source = FolderSource(models)
    bring(store, source, source.find(MODEL, version), have=None, told=lambda _percent: None, origin="person")
    store.change(ledgers.activate)
    store.change(ledgers.confirm)
    store.sweep()
