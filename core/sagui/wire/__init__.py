"""Contract 2: what is said on MQTT. Described in ``docs/mqtt.md``."""

from sagui.wire import topics
from sagui.wire.errors import WireError
from sagui.wire.messages import (
    Frame,
    LabelScore,
    Latency,
    ModelRef,
    Result,
    State,
    decode,
    encode,
    timestamp,
)

__all__ = [
    "Frame",
    "LabelScore",
    "Latency",
    "ModelRef",
    "Result",
    "State",
    "WireError",
    "decode",
    "encode",
    "timestamp",
    "topics",
]
