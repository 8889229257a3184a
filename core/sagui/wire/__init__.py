"""Contract 2: what is said on MQTT. Described in ``docs/mqtt.md``."""

from sagui.wire import topics
from sagui.wire.errors import WireError
from sagui.wire.health import CameraState, Claim, Health, Mode, OutboxCounts, Percentiles, Telemetry
from sagui.wire.messages import PAYLOADS, Message, decode, encode, timestamp
from sagui.wire.orders import Command, CommandName
from sagui.wire.results import Frame, LabelScore, Latency, ModelRef, Result, State

__all__ = [
    "PAYLOADS",
    "CameraState",
    "Claim",
    "Command",
    "CommandName",
    "Frame",
    "Health",
    "LabelScore",
    "Latency",
    "Message",
    "Mode",
    "ModelRef",
    "OutboxCounts",
    "Percentiles",
    "Result",
    "State",
    "Telemetry",
    "WireError",
    "decode",
    "encode",
    "timestamp",
    "topics",
]
