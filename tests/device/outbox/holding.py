"""Outboxes to try things with, and what is in them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.device.said import Said

from sagui.device.outbox import (
    DiskOutbox,
    Limits,
    Outbox,
)
from sagui.device.outbox.database import Database

TOPIC = "sagui/porch/result"


Eventually = Callable[..., bool]


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def open_disk(path: Path, limits: Limits | None = None, said: Said | None = None, clock: Clock | None = None) -> Any:
    return DiskOutbox(said or Said(), Database(path), limits or Limits(), clock=clock or Clock())


def payloads(outbox: Outbox, count: int = 10_000) -> list[bytes]:
    return [row.payload for row in outbox.take(count)]


def append(outbox: Outbox, *numbers: int) -> None:
    for number in numbers:
        outbox.append(TOPIC, b"%d" % number)
    outbox.flush()


def crash(outbox: DiskOutbox, path: Path, to: Path) -> Path:
    """The files as a SIGKILL would leave them at this moment."""
    to.mkdir()
    with outbox._handing:
        for end in ("", "-wal"):
            if (source := path.with_name(path.name + end)).exists():
                shutil.copy(source, to / source.name)
    return to / path.name
