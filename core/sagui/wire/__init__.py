"""Contract 2: what is said on MQTT. Described in ``docs/mqtt.md``."""

from sagui.wire import topics
from sagui.wire.errors import WireError
from sagui.wire.health import CameraState, Claim, Health, Mode, OutboxCounts, Percentiles, Telemetry
from sagui.wire.messages import PAYLOADS, Message, decode, encode, timestamp
from sagui.wire.orders import Command, CommandName
from sagui.wire.results import Frame, LabelScore, Latency, ModelRef, Region, Result, State
from sagui.wire.rollouts import Desired, RolloutAction, RolloutStatus, is_asked, point
from sagui.wire.updates import AT_WORK, Phase, UpdateOrder, UpdateState

__all__ = [
    "AT_WORK",
    "PAYLOADS",
    "CameraState",
    "Claim",
    "Command",
    "CommandName",
    "Desired",
    "Frame",
    "Health",
    "LabelScore",
    "Latency",
    "Message",
    "Mode",
    "ModelRef",
    "OutboxCounts",
    "Percentiles",
    "Phase",
    "Region",
    "Result",
    "RolloutAction",
    "RolloutStatus",
    "State",
    "Telemetry",
    "UpdateOrder",
    "UpdateState",
    "WireError",
    "decode",
    "encode",
    "is_asked",
    "point",
    "timestamp",
    "topics",
]
