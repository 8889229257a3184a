"""What the agent says of itself, and when."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.device.said import Said
from tests.device.sightings import make_stream

from sagui.device.condition import Condition
from sagui.device.config.merge import merge
from sagui.device.config.settings import Settings
from sagui.device.telemetry.measure import Meter
from sagui.device.telemetry.report import Reporter
from sagui.device.voice import Voice
from sagui.wire import Health, ModelRef, OutboxCounts, Telemetry, decode

Handler = Callable[[str, bytes, bool], None]


class Line:
    """Keeps what is said, and who listens."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes]] = []
        self.listeners: list[tuple[str, Handler]] = []
        self.repeats = 0

    def retain(self, topic: str, payload: bytes, qos: int = 1) -> None:  # noqa: ARG002 (the port's signature)
        self.kept.append((topic, payload))

    def publish(self, topic: str, payload: bytes) -> None:
        raise AssertionError((topic, payload))

    def repeat(self) -> None:
        self.repeats += 1

    def subscribe(self, topic: str, handler: Handler) -> None:
        self.listeners.append((topic, handler))

    def say(self, topic: str, payload: bytes) -> None:
        for wanted, handler in self.listeners:
            if wanted == topic:
                handler(topic, payload, False)

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for one, payload in self.kept if one == topic]


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def voice(line: Line, tree: Any, tmp_path: Path) -> Voice:
    condition = Condition(line, "porch")
    condition.say("normal", "ok")
    reporter = Reporter(Meter(), tree.machine, tmp_path, lambda: OutboxCounts(waiting=0, acknowledged=0, dropped=0))
    return Voice(line, "porch", reporter, condition, lambda: None, Said())


def settings(**options: Any) -> Settings:
    given = {name.replace("__", "."): value for name, value in options.items()}
    return merge(None, {}, {"device": "porch", "home_assistant.discovery": True, **given})


def discovered(line: Line) -> list[dict[str, Any]]:
    return [json.loads(payload)["components"] for payload in line.payloads("homeassistant/device/porch/config")]


def test_who_asks_for_a_report_is_answered_by_another_thread(line: Line, voice: Voice) -> None:
    before = len(line.kept)
    line.say("sagui/porch/command", b"report")
    # The link's thread must be quick, and a machine may take its time to answer.
    assert len(line.kept) == before
    voice.tick()
    voice.tick()
    assert [topic for topic, _ in line.kept[before:]] == ["sagui/porch/telemetry", "sagui/porch/health"]
    assert decode(line.payloads("sagui/porch/health")[-1], Health).camera == "ok"


def test_telemetry_names_the_model_and_counts_what_made_no_sense(line: Line, voice: Voice) -> None:
    voice.announce(settings(), [make_stream("a"), make_stream("b")])
    line.say("sagui/porch/command", b"explode")
    voice.report()
    told = decode(line.payloads("sagui/porch/telemetry")[-1], Telemetry)
    assert told.ignored_commands == 1
    assert told.model == ModelRef(name="toy", version="1.0.0")


def test_others_measure_the_same(voice: Voice, line: Line, tree: Any, tmp_path: Path) -> None:
    voice.announce(settings(), [make_stream()])
    line.say("sagui/porch/command", b"explode")
    mine = Reporter(Meter(), tree.machine, tmp_path, lambda: OutboxCounts(waiting=0, acknowledged=0, dropped=0))
    told = voice.measure(mine)
    assert told.ignored_commands == 1
    assert told.model is not None


def test_home_assistant_follows_new_settings(line: Line, voice: Voice) -> None:
    voice.announce(settings(telemetry__every_s=60.0))
    voice.announce(settings(telemetry__every_s=600.0, snapshot__enabled=True))
    before, after = discovered(line)
    assert after["fps"]["expire_after"] > 600 > before["fps"]["expire_after"]
    assert len(after["snapshot"]) > len(before["snapshot"])


def test_home_assistant_is_greeted_once_each_time_it_starts(line: Line, voice: Voice) -> None:
    for _ in range(3):
        voice.announce(settings())
    line.say("homeassistant/status", b"online")
    assert line.repeats == 1


def test_without_discovery_nothing_is_said_to_home_assistant(line: Line, voice: Voice) -> None:
    voice.announce(settings(home_assistant__discovery=False))
    assert not discovered(line)
    assert [topic for topic, _ in line.listeners] == ["sagui/porch/command"]
