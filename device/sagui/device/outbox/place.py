"""Where an outbox is, and opening it there."""

import os
from collections.abc import Mapping
from pathlib import Path

from sagui.device.events import Events
from sagui.device.outbox.database import Database, set_aside
from sagui.device.outbox.disk import DiskOutbox
from sagui.device.outbox.errors import DamagedError, HeldError, OutboxError
from sagui.device.outbox.lock import Lock
from sagui.device.outbox.memory import MemoryOutbox
from sagui.device.outbox.port import Outbox
from sagui.device.outbox.rules import IN_MEMORY, Limits

FILE = "outbox.db"


def default_folder(device: str, environment: Mapping[str, str]) -> Path:
    """Gives the folder for a device's outbox: systemd's state directory, else the user's.

    Args:
        device: Its name in the topics.
        environment: ``STATE_DIRECTORY`` (systemd), ``XDG_STATE_HOME``, ``HOME``.
    """
    if service := environment.get("STATE_DIRECTORY"):
        return Path(service.partition(":")[0]) / device
    if state := environment.get("XDG_STATE_HOME"):
        return Path(state) / "sagui" / device
    return Path(environment.get("HOME") or "/") / ".local" / "state" / "sagui" / device


def open_outbox(folder: Path | None, events: Events, limits: Limits | None = None) -> Outbox:
    """Opens a device's outbox.

    A damaged file is set aside. Where the disk cannot be used at all, results wait in memory. Both are said.

    Args:
        folder: Where the file is, or will be; None keeps everything in memory.
        events: Told of what is found, and of trouble later.
        limits: How much may wait; by default `Limits` on disk, `IN_MEMORY` in memory.

    Raises:
        HeldError: Another agent or program holds the file.
    """
    if folder is None:
        return MemoryOutbox(events, limits or IN_MEMORY)
    try:
        _make(folder)
        lock = Lock(folder / "outbox.lock")
    except OSError as error:
        return _in_memory(f"outbox {folder}: {error.strerror}; make the folder writable", events)
    try:
        database = _open(folder / FILE, events)
    except HeldError:
        lock.release()
        raise
    except OutboxError as error:
        lock.release()
        return _in_memory(str(error), events)
    if database.held.rows:
        waiting = database.held.rows
        what = "1 result of an earlier start waits" if waiting == 1 else f"{waiting} results of an earlier start wait"
        events.say("outbox", f"{what} in {database.path}", waiting=waiting)
    return DiskOutbox(events, database, limits or Limits(), lock=lock)


def _in_memory(trouble: str, events: Events) -> Outbox:
    events.say("outbox-memory", f"{trouble}; results wait in memory, and are lost when the agent ends")
    return MemoryOutbox(events)


def _open(path: Path, events: Events) -> Database:
    try:
        return Database(path)
    except DamagedError as error:
        aside = set_aside(path)
        events.say("outbox-damaged", f"{error}; set aside as {aside.name}, going on with a new one")
        return Database(path)


def _make(folder: Path) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    # A folder that was made is on the disk when the one above it is.
    for path in missing:
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
