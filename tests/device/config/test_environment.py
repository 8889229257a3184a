"""Settings from environment variables."""

import pytest

from sagui.device.config.environment import from_environment, near_misses, variables
from sagui.device.config.keys import keys


def test_each_key_has_a_variable_of_its_own() -> None:
    plain = [key for key in keys().values() if key.section != "stream"]
    assert len(variables()) == len(plain)
    assert variables()["SAGUI_HOME_ASSISTANT_PREFIX"].path == "home_assistant.prefix"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("SAGUI_DEVICE", "porch", {"device": "porch"}),
        ("SAGUI_THREADS", " 4\n", {"threads": 4}),
        ("SAGUI_THREADS", "4.0", {"threads": "4.0"}),
        ("SAGUI_THREADS", "٣", {"threads": "٣"}),
        ("SAGUI_THREADS", "9" * 5000, {"threads": "9" * 5000}),
        ("SAGUI_CAMERA_FPS", "2.5", {"camera": {"fps": 2.5}}),
        ("SAGUI_CAMERA_FPS", "many", {"camera": {"fps": "many"}}),
        ("SAGUI_CAMERA_LOOP", "Yes", {"camera": {"loop": True}}),
        ("SAGUI_CAMERA_LOOP", "0", {"camera": {"loop": False}}),
        ("SAGUI_CAMERA_LOOP", "2", {"camera": {"loop": "2"}}),
        ("SAGUI_BROKER_MQTT", "5", {"broker": {"mqtt": "5"}}),
        ("SAGUI_UPDATE_GROUPS", "all, porch,", {"update": {"groups": ["all", "porch"]}}),
        ("SAGUI_UPDATE_GROUPS", ",", {"update": {"groups": []}}),
        ("SAGUI_DEVICE", "", {}),
        ("SAGUI_CACHE", "x", {}),
        ("SAGUI_MQTT_PASSWORD", "x", {}),
    ],
)
def test_a_variable_is_read_as_its_key_wants(name: str, text: str, expected: dict[str, object]) -> None:
    assert from_environment({name: text}) == expected


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SAGUI_BROKER_ULR", "SAGUI_BROKER_URL"),
        ("SAGUI_BROKERURL", "SAGUI_BROKER_URL"),
        ("SAGUI_DEVIC", "SAGUI_DEVICE"),
        ("SAGUI_CAMERA", "SAGUI_CAMERA_SPEC"),
        ("SAGUI_BROKER", "SAGUI_BROKER_URL"),
        ("SAGUI_MQTT_PASWORD", "SAGUI_MQTT_PASSWORD"),
        ("SAGUI_DECIDE_NOISE", "`sagui config init`"),
        ("SAGUI_STREAM_NAME", "`sagui config init`"),
    ],
)
def test_a_near_miss_is_warned_of(name: str, meant: str) -> None:
    (said,) = near_misses({name: "s3cret", "PATH": "/bin", "SAGUI_DEVICE": "porch"})
    assert name in said
    assert meant in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "name",
    [
        "SAGUI_CACHE",
        "SAGUI_CONFIG",
        "SAGUI_TORTURE",
        "SAGUI_REQUIRE_PROGRAMS",
        "SAGUI_TOY_TFLITE",
        "SAGUI_",
        "BROKER_ULR",
    ],
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert near_misses({name: "x"}) == ()
