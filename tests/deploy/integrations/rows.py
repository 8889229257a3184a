"""Rows that telegraf makes of messages, two seconds after noon."""

import json
from typing import Any

from tests.deploy.integrations.messages import later, nanoseconds, result
from tests.deploy.integrations.telegraf_reading import Config, Metric, take

from sagui.wire import Result, Telemetry, UpdateState, encode, topics

Said = Result | Telemetry | UpdateState
RECEIVED = nanoseconds(later(2))


def reader_of(config: Config, name: str) -> Config:
    (found,) = (one for one in config["inputs"]["mqtt_consumer"] if one["topics"] == [topics.every(name)])
    return dict(found)


def heard(config: Config, message: Said, device: str = "porch", at_ns: int = RECEIVED) -> Metric | None:
    name = {Result: "result", Telemetry: "telemetry", UpdateState: "update/state"}[type(message)]
    return take(config, f"sagui/{device}/{name}", encode(message), at_ns)


def row_of(config: Config, message: Said, device: str = "porch", at_ns: int = RECEIVED) -> dict[str, Any]:
    metric = heard(config, message, device, at_ns)
    assert metric
    return metric.row()


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(encode(result())) | fields).encode()
