"""How the device is: its numbers, what is wrong with it, and which agent speaks for it."""

from typing import Annotated, Literal

import msgspec

from sagui.wire.fields import Bytes, Count, Milliseconds, Seconds, Time
from sagui.wire.results import ModelRef

Mode = Literal["normal", "safe"]
CameraState = Literal["ok", "away", "none"]


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """From a frame's arrival to its verdict, of the newest frames."""

    p50: Milliseconds
    p95: Milliseconds
    p99: Milliseconds


class OutboxCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the results.

    Attributes:
        waiting: Are on the device, and not yet acknowledged by the broker.
        acknowledged: Were acknowledged since the agent started.
        dropped: Were given up since the agent started: too many waited, or the broker did not want them.
    """

    waiting: Count
    acknowledged: Count
    dropped: Count


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """The device's numbers. What a machine cannot tell is null.

    Attributes:
        uptime_s: Since the agent started.
        mode: ``safe`` is without camera and model, after too many crashes.
        frames: Classified since the agent started.
        fps: Classified each second, since the telemetry before.
        latency_ms: Null until there was a frame.
        frame_age_ms: How old the newest frame was when it was taken.
        dropped_frames: Frames of a live camera that a newer one overtook.
        temperature_c: Of the processor.
        throttled: What is wrong with power and heat now, by name; empty if nothing is.
        memory_bytes: What the agent holds of the machine's memory.
        memory_free_bytes: What the machine can still give.
        disk_free_bytes: Where the outbox is.
        wifi_dbm: How strong the Wi-Fi signal is.
        ignored_commands: Commands that were not carried out since the agent started.
    """

    v: Literal[1] = 1
    time: Time
    uptime_s: Seconds
    mode: Mode
    frames: Count
    fps: Annotated[float, msgspec.Meta(ge=0, description="Frames per second.")]
    latency_ms: Percentiles | None = None
    frame_age_ms: Milliseconds | None = None
    dropped_frames: Count = 0
    temperature_c: Annotated[float, msgspec.Meta(description="Degrees Celsius.")] | None = None
    throttled: tuple[str, ...] | None = None
    memory_bytes: Bytes | None = None
    memory_free_bytes: Bytes | None = None
    disk_free_bytes: Bytes | None = None
    wifi_dbm: Annotated[float, msgspec.Meta(description="Decibel-milliwatts.")] | None = None
    outbox: OutboxCounts
    ignored_commands: Count = 0
    model: ModelRef | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the device does its work; said when it changes.

    Attributes:
        mode: ``safe`` is without camera and model, after too many crashes.
        camera: ``away`` gives no frames and is being reopened; ``none`` is not in use.
        problem: What is wrong, for a person, in one line.
    """

    v: Literal[1] = 1
    time: Time
    mode: Mode
    camera: CameraState
    problem: str | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An agent says that the device's name is its own, so that a second one finds out.

    Attributes:
        boot: The agent's start, as in the ids of its results.
        up_s: How long it has run.
        host: The machine it runs on.
    """

    v: Literal[1] = 1
    boot: str
    up_s: Seconds
    host: str
