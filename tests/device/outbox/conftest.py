"""Both kinds of outbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.device.outbox.holding import open_disk
from tests.device.said import Said

from sagui.device.outbox import (
    MemoryOutbox,
    Outbox,
)


@pytest.fixture(params=["disk", "memory"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outbox]:
    opened: Outbox = MemoryOutbox(Said()) if request.param == "memory" else open_disk(tmp_path / "outbox.db")
    yield opened
    opened.close()
