"""What waits for the broker: on disk before it is sent, removed when the broker has acknowledged it."""

from sagui.device.outbox.disk import DiskOutbox
from sagui.device.outbox.errors import OutboxError
from sagui.device.outbox.memory import MemoryOutbox
from sagui.device.outbox.place import default_folder, open_outbox
from sagui.device.outbox.port import Counts, Outbox
from sagui.device.outbox.rules import IN_MEMORY, Limits, Row

__all__ = [
    "IN_MEMORY",
    "Counts",
    "DiskOutbox",
    "Limits",
    "MemoryOutbox",
    "Outbox",
    "OutboxError",
    "Row",
    "default_folder",
    "open_outbox",
]
