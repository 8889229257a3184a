"""How much is remembered of devices that may say anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_KIB = 1024


def _payload_bytes() -> Mapping[str, int]:
    return MappingProxyType(
        {
            "availability": 64,
            "result": 256 * _KIB,  # a network of many labels
            "state": 8 * _KIB,
            "telemetry": 16 * _KIB,
            "health": 16 * _KIB,
            "update/state": 16 * _KIB,
        }
    )


@dataclass(frozen=True)
class Limits:
    """Bounds.

    Attributes:
        devices: Are known at most; more are counted and left out.
        streams: Of a device.
        messages_per_s: Of a device; what comes on top in the same second is counted and not read.
        flood_s: How long a flood is told of after its last second.
        text: Characters that are kept of a text.
        period_s: From one telemetry message of a device to the next, until it is known; the agent's default.
        periods: A device that says it is online, and has been silent for so many periods, is stale.
        silent_s: So long it may be silent in any case.
        payload_bytes: What is read of a topic at most, by its name below the device.
    """

    devices: int = 10_000
    streams: int = 16
    messages_per_s: int = 300
    flood_s: float = 30.0
    text: int = 256
    period_s: float = 60.0
    periods: int = 3
    silent_s: float = 10.0
    payload_bytes: Mapping[str, int] = field(default_factory=_payload_bytes)
