"""A small registry, and a shelf that shows it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.dashboard.models.asking import EVIL, Eventually
from tests.deploy.dashboard.models.shelves import Registry

from sagui.deploy.dashboard.models.shelf import Shelf, Source
from sagui.deploy.dashboard.models.source import open_source


@pytest.fixture
def registry(tmp_path: Path, make_manifest: Any) -> Registry:
    made = Registry(tmp_path, make_manifest)
    made.publish("1.3.0")
    made.publish("1.4.0", html=EVIL.encode())
    return made


@pytest.fixture
def open_shelf(eventually: Eventually) -> Iterator[Callable[..., Shelf]]:
    opened: list[Shelf] = []

    def start(source: Source, every_s: float = 0.05) -> Shelf:
        source.every_s = every_s
        opened.append(Shelf(source))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def shelf(registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually) -> Shelf:
    made = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: len(made.contents.opened) == 2)
    return made
