"""Health on MQTT: said when it changes."""

import pytest
from tests.device.test_publisher import Wire

from sagui.device.cameras import Incident
from sagui.device.condition import Condition
from sagui.wire import Health, Mode, decode

LOST = Incident("lost", "usb:0", "no frame for 10 s", 0, 10.0, 1.0)
BACK = Incident("back", "usb:0", "", 2, 12.0, None)


def said(wire: Wire) -> list[tuple[str, str, str | None]]:
    messages = [decode(payload, Health) for _, payload in wire.kept]
    return [(message.mode, message.camera, message.problem) for message in messages]


def test_a_camera_that_goes_and_comes_is_said() -> None:
    wire = Wire()
    condition = Condition(wire, "porch", lambda: 0.0)
    condition.say("normal", "ok")
    condition.camera(LOST)
    condition.camera(BACK)
    assert said(wire) == [
        ("normal", "ok", None),
        ("normal", "away", "usb:0: no frame for 10 s"),
        ("normal", "ok", None),
    ]
    assert {topic for topic, _ in wire.kept} == {"sagui/porch/health"}


def test_the_same_is_said_once_and_again_for_who_asks() -> None:
    wire = Wire()
    condition = Condition(wire, "porch", lambda: 0.0)
    condition.repeat()
    assert not wire.kept
    condition.say("safe", "none", "five crashes")
    condition.say("safe", "none", "five crashes")
    assert len(wire.kept) == 1
    condition.repeat()
    assert said(wire) == [("safe", "none", "five crashes")] * 2
    assert condition.mode == "safe"


def test_a_camera_is_there_when_its_first_frame_is() -> None:
    wire = Wire()
    condition = Condition(wire, "porch", lambda: 0.0)
    condition.begin()
    condition.frame()
    condition.frame()
    assert said(wire) == [("normal", "none", None), ("normal", "ok", None)]


def test_a_frame_from_before_a_loss_does_not_hide_it() -> None:
    wire = Wire()
    condition = Condition(wire, "porch", lambda: 0.0)
    condition.begin()
    condition.camera(LOST)
    condition.frame()
    assert said(wire)[-1] == ("normal", "away", "usb:0: no frame for 10 s")


@pytest.mark.parametrize("mode", ["normal", "safe"])
def test_why_it_ends_is_said_in_the_mode_it_is_in(mode: Mode) -> None:
    wire = Wire()
    condition = Condition(wire, "porch", lambda: 0.0)
    condition.say(mode, "ok")
    condition.fail("the model is gone")
    assert said(wire)[-1] == (mode, "none", "the model is gone")


def test_before_a_word_it_is_normal() -> None:
    assert Condition(Wire(), "porch").mode == "normal"
