"""What is known of one device, as values."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from sagui.wire import Health, ModelRef, Region, Telemetry, UpdateState

Status = Literal["online", "stale", "offline", "unknown"]
"""``stale`` says it is online, and is silent; ``unknown`` has not said whether it is there."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a device sees; one that is looked at in parts has a stream for each.

    Attributes:
        name: None where the device has only one.
        label: The present one.
        score: Of the newest result with this label, from 0 to 1.
        since: Since when it has been this label, by the device's clock, as on the wire.
        since_s: The same as Unix time.
        model: What said so.
        region: Where in the photo it looks; None where that is all of it, or it did not say.
    """

    name: str | None
    label: str
    score: float
    since: str
    since_s: float
    model: ModelRef
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A device. Texts of its messages are cut to a bearable length; their letters are as they came.

    Attributes:
        device: The name in the topics.
        online: What it said last; None if it did not say.
        streams: By name; the one without a name first.
        telemetry: Its newest numbers.
        health: The newest word on whether it does its work.
        update: Which model it runs, and how an update gets on.
        taken_s: When the newest message came, kept ones included; Unix time.
        heard_s: When it said something last; None if we know only what the broker had kept.
        quiet_s: A device that is silent for longer is stale.
        skew_s: How far its clock is ahead of ours (less than 0: behind), the way of a message included.
        unreadable: Messages that could not be read.
        unreadable_why: Why not, of the last one: its topic and what is wrong.
        unreadable_s: When the last one came; Unix time.
        garbled: The topics below the device whose newest message could not be read; what it said before stands.
        left_out: Messages that were not read, since there were too many.
        flood_until_s: Until when it is told that there were too many; Unix time.
        flood_per_s: How many in a second.
        came_s: When it was seen to come online; None if it was there all the time. Unix time.
    """

    device: str
    online: bool | None = None
    streams: tuple[Stream, ...] = ()
    telemetry: Telemetry | None = None
    health: Health | None = None
    update: UpdateState | None = None
    taken_s: float = 0.0
    heard_s: float | None = None
    quiet_s: float = inf
    skew_s: float | None = None
    unreadable: int = 0
    unreadable_why: str = ""
    unreadable_s: float = -inf
    garbled: tuple[str, ...] = ()
    left_out: int = 0
    flood_until_s: float = -inf
    flood_per_s: int = 0
    came_s: float | None = None

    def status(self, now_s: float) -> Status:
        """Whether it is there.

        Args:
            now_s: Unix time.
        """
        if self.online is None:
            return "unknown"
        if not self.online:
            return "offline"
        return "stale" if now_s - self.taken_s > self.quiet_s else "online"

    def held_s(self, stream: Stream, now_s: float) -> float:
        """For how long a stream has had its label, by our clock.

        Args:
            stream: One of this device.
            now_s: Unix time.
        """
        return max(0.0, now_s + (self.skew_s or 0.0) - stream.since_s)

    @property
    def model(self) -> ModelRef | None:
        """What runs on it, by its newest word."""
        update = self.update
        if update is not None and update.installed_version is not None:
            return ModelRef(name=update.model or "", version=update.installed_version)
        if self.telemetry is not None and self.telemetry.model is not None:
            return self.telemetry.model
        return self.streams[0].model if self.streams else None

    @property
    def groups(self) -> tuple[str, ...]:
        """Whose plans it follows."""
        return self.update.groups if self.update else ()
