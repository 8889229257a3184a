"""The one message that introduces the device to Home Assistant."""

import json
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tests.device.home_assistant import ENTITY_ID, KEYS, UPDATE_KEYS, check_device, check_entity

from sagui.device.commands import parse_command
from sagui.device.discovery import discovery, has_started, retraction
from sagui.device.update.orders import parse_order
from sagui.wire import (
    AT_WORK,
    Command,
    Health,
    ModelRef,
    OutboxCounts,
    Percentiles,
    Phase,
    State,
    Telemetry,
    UpdateOrder,
    UpdateState,
    WireError,
    encode,
    timestamp,
    topics,
)

MODEL = ModelRef(name="elpv-solar-cells", version="1.0.0")


STATE = State(label="défectueux 🍎", score=0.9441, since=timestamp(0), model=MODEL)


TELEMETRY = Telemetry(
    time=timestamp(0),
    uptime_s=61.5,
    mode="normal",
    frames=300,
    fps=29.97,
    latency_ms=Percentiles(p50=4.0, p95=5.25, p99=9.0),
    temperature_c=61.2,
    throttled=("under-voltage",),
    memory_bytes=80 * 2**20,
    memory_free_bytes=2**30,
    disk_free_bytes=10 * 2**30,
    wifi_dbm=-61.0,
    outbox=OutboxCounts(waiting=3, acknowledged=9, dropped=0),
    model=MODEL,
)


NO_NUMBERS = Telemetry(
    time=timestamp(0),
    uptime_s=0,
    mode="safe",
    frames=0,
    fps=0,
    outbox=OutboxCounts(waiting=0, acknowledged=0, dropped=0),
)


HEALTH = Health(time=timestamp(0), mode="normal", camera="ok")


def message(*streams: str, snapshots: bool = True, updates: bool = True, **more: Any) -> dict[str, Any]:
    more["updates"] = updates
    _, payload = discovery("porch", streams, more.pop("model", MODEL), snapshots=snapshots, version="0.1.0", **more)
    return dict(json.loads(payload))


def entities(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Components that are there, not those that are taken away."""
    return {key: component for key, component in said["components"].items() if len(component) > 1}


def render(template: str, payload: bytes) -> str:
    """What Home Assistant's template engine makes of a payload, but that it is lenient where this one complains."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    return environment.from_string(template).render(value=payload.decode(), value_json=json.loads(payload))


def shown(key: str, payload: bytes, *streams: str) -> str:
    return render(entities(message(*streams))[key]["value_template"], payload)


@pytest.mark.parametrize("streams", [(), ("door",), ("door", "a-b", "1")])
@pytest.mark.parametrize("snapshots", [True, False])
@pytest.mark.parametrize("telemetry_s", [0, 0.5, 30])
@pytest.mark.parametrize("updates", [True, False])
def test_the_message_keeps_home_assistants_rules(
    streams: tuple[str, ...], telemetry_s: float, *, snapshots: bool, updates: bool
) -> None:
    said = message(*streams, snapshots=snapshots, telemetry_s=telemetry_s, updates=updates)
    assert set(said) == {"device", "origin", "availability", "qos", "components"}
    assert said["qos"] in {0, 1, 2}
    check_device(said)
    for component in said["components"].values():
        assert component["platform"] in KEYS
    for entity in entities(said).values():
        check_entity(entity)
    for key in said["components"]:
        assert " " not in key, "Home Assistant splits ids at spaces"


@settings(deadline=None)
@given(
    st.lists(st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True), unique=True, max_size=5),
    st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True),
)
def test_no_two_entities_have_one_id_whatever_the_names(streams: list[str], device: str) -> None:
    _, payload = discovery(device, streams, None, snapshots=True, version="0.1.0", updates=True)
    found = entities(json.loads(payload)).values()
    assert len({entity["unique_id"] for entity in found}) == len(found)
    assert all(ENTITY_ID.fullmatch(entity["default_entity_id"]) for entity in found)
    # One label and one confidence for each stream, and as many of the rest as for any other.
    rest = len(entities(message())) - 2
    assert len(found) == rest + 2 * max(1, len(streams))


@pytest.mark.parametrize("model", ["模型", "a\n\t\0", "{{ 1/0 }}", "", "\udcff", "🍎" * 100])
def test_a_models_name_is_any_text(model: str) -> None:
    said = message(model=ModelRef(name=model, version="1"))
    assert said["device"]["model"] == f"{model} 1".replace("\udcff", "?")


def test_a_device_without_a_model_is_introduced_too() -> None:
    assert "model" not in message(model=None)["device"]


@pytest.mark.parametrize("streams", [(), ("door", "window")])
def test_every_topic_is_one_that_the_agent_speaks_or_hears(streams: tuple[str, ...]) -> None:
    spoken = {topics.telemetry("porch"), topics.health("porch"), topics.snapshot("porch"), topics.command("porch")}
    spoken |= {topics.update_state("porch"), topics.update_set("porch")}
    spoken |= {topics.state("porch", stream) for stream in streams or (None,)}
    named = {
        value for entity in entities(message(*streams)).values() for key, value in entity.items() if "topic" in key
    }
    assert named == spoken


def test_a_dashboard_shows_what_the_device_says() -> None:
    state, telemetry, health = encode(STATE), encode(TELEMETRY), encode(HEALTH)
    assert shown("label", state) == "défectueux 🍎"
    assert shown("confidence", state) == "94.4"
    assert shown("door_label", state, "door") == "défectueux 🍎"
    assert {key: shown(key, telemetry) for key in ("fps", "latency_p95", "temperature", "outbox_waiting")} == {
        "fps": "29.97",
        "latency_p95": "5.25",
        "temperature": "61.2",
        "outbox_waiting": "3",
    }
    assert {key: shown(key, telemetry) for key in ("wifi_signal", "disk_free", "memory", "uptime", "throttled")} == {
        "wifi_signal": "-61.0",
        "disk_free": "10240.0",
        "memory": "80.0",
        "uptime": "61.5",
        "throttled": "ON",
    }
    assert (shown("camera", health), shown("problem", health)) == ("ON", "OFF")


@pytest.mark.parametrize(
    ("health", "camera", "problem"),
    [
        (Health(time=timestamp(0), mode="normal", camera="away", problem="no frame for 30 s"), "OFF", "ON"),
        (Health(time=timestamp(0), mode="safe", camera="none", problem="5 crashes"), "None", "ON"),
        (Health(time=timestamp(0), mode="safe", camera="none"), "None", "ON"),
        (Health(time=timestamp(0), mode="normal", camera="ok"), "ON", "OFF"),
    ],
)
def test_what_is_wrong_is_shown(health: Health, camera: str, problem: str) -> None:
    assert (shown("camera", encode(health)), shown("problem", encode(health))) == (camera, problem)


@pytest.mark.parametrize(("throttled", "expected"), [((), "OFF"), (("hot",), "ON"), (None, "None")])
def test_throttling_is_on_off_or_unknown(throttled: tuple[str, ...] | None, expected: str) -> None:
    payload = json.loads(encode(TELEMETRY)) | {"throttled": throttled}
    assert shown("throttled", json.dumps(payload).encode()) == expected


def test_what_the_machine_cannot_tell_is_unknown() -> None:
    unknown = ("latency_p95", "temperature", "wifi_signal", "disk_free", "memory", "throttled")
    assert {shown(key, encode(NO_NUMBERS)) for key in unknown} == {"None"}


@pytest.mark.parametrize("payload", [b"{}", b'{"v":1}', b'{"latency_ms":null,"model":null,"label":null,"score":null}'])
def test_no_template_stumbles_over_a_missing_key(payload: bytes) -> None:
    for key, entity in entities(message("door")).items():
        if "value_template" in entity:
            nothing = {"None", "OFF", '{"update_percentage": null}'}
            assert render(entity["value_template"], payload) in nothing, key
        if "json_attributes_template" in entity:
            assert set(json.loads(render(entity["json_attributes_template"], payload)).values()) == {None}


def test_attributes_are_a_flat_object() -> None:
    found = entities(message())
    assert json.loads(render(found["label"]["json_attributes_template"], encode(STATE))) == {
        "score": 0.9441,
        "since": "1970-01-01T00:00:00.000Z",
        "model": "elpv-solar-cells",
        "model_version": "1.0.0",
    }
    broken = Health(time=timestamp(0), mode="safe", camera="none", problem='<b>"5" crashes</b>\n')
    attributes = json.loads(render(found["problem"]["json_attributes_template"], encode(broken)))
    assert attributes == {"problem": '<b>"5" crashes</b>\n', "mode": "safe", "since": "1970-01-01T00:00:00.000Z"}


def test_a_label_is_no_longer_than_home_assistant_takes() -> None:
    state = State(label="é" * 1000, score=1, since=timestamp(0), model=MODEL)
    assert shown("label", encode(state)) == "é" * 255


@settings(deadline=None)
@given(st.text())
def test_a_label_is_shown_as_it_is(label: str) -> None:
    state = State(label=label, score=1, since=timestamp(0), model=MODEL)
    assert shown("label", encode(state)) == label[:255]


def test_every_button_says_a_command_that_the_agent_takes() -> None:
    buttons = {key: entity for key, entity in entities(message()).items() if entity["platform"] == "button"}
    said = {key: parse_command(button["payload_press"].encode(), retained=False) for key, button in buttons.items()}
    assert said == {
        "take_snapshot": Command(command="snapshot"),
        "restart": Command(command="restart"),
        "report": Command(command="report"),
    }
    assert not any(button["retain"] for button in buttons.values()), "the agent ignores what the broker keeps"


@settings(deadline=None)
@given(
    st.sampled_from(get_args(Phase)),
    st.none() | st.just("1.2.3-rc.1+x"),
    st.none() | st.integers(0, 100),
    st.none() | st.text(max_size=20),
)
def test_an_update_is_shown_in_the_keys_that_home_assistant_takes(
    phase: Phase, version: str | None, percent: int | None, error: str | None
) -> None:
    state = UpdateState(
        time=timestamp(0),
        model="toy",
        installed_version=version,
        latest_version=version,
        in_progress=phase in AT_WORK,
        update_percentage=percent,
        phase=phase,
        error=error,
    )
    shown_keys = json.loads(shown("update", encode(state)))
    assert all(isinstance(value, UPDATE_KEYS[key]) for key, value in shown_keys.items())
    assert shown_keys["in_progress"] == (phase in AT_WORK)
    assert shown_keys["update_percentage"] == percent
    assert shown_keys.get("installed_version") == shown_keys.get("latest_version") == version
    attributes = json.loads(render(entities(message())["update"]["json_attributes_template"], encode(state)))
    assert (attributes["phase"], attributes["error"]) == (phase, error)


def test_install_says_an_order_that_the_agent_takes() -> None:
    update = entities(message())["update"]
    assert parse_order(update["payload_install"].encode(), retained=False) == UpdateOrder(order="install")
    assert not update["retain"], "the agent ignores what the broker keeps"


def test_photos_are_shown_only_where_they_are_published() -> None:
    on, off = message(snapshots=True)["components"], message(snapshots=False)["components"]
    assert on["snapshot"]["content_type"] == "image/jpeg"
    assert on["snapshot"]["image_topic"] == "sagui/porch/snapshot"
    assert off["snapshot"] == {"platform": "image"}
    assert off["take_snapshot"] == {"platform": "button"}


def test_what_is_turned_off_is_named_to_be_taken_away() -> None:
    # Home Assistant keeps what a later message leaves out.
    everything = message()["components"]
    for said in (message("door"), message(snapshots=False), message(telemetry_s=0), message(updates=False)):
        assert said["components"].keys() >= everything.keys()
        for key, component in said["components"].items():
            if key in everything:
                assert component["platform"] == everything[key]["platform"]
    assert message("door")["components"]["label"] == {"platform": "sensor"}
    assert message(telemetry_s=0)["components"]["fps"] == {"platform": "sensor"}
    assert message(updates=False)["components"]["update"] == {"platform": "update"}


def test_numbers_go_when_three_of_them_were_missed() -> None:
    found = [entities(message(telemetry_s=every)) for every in (0.5, 10, 30, 600)]
    for every, components in zip((0.5, 10, 30, 600), found, strict=True):
        assert components["fps"]["expire_after"] > 3 * every
    for shorter, longer in pairwise(found):
        assert shorter["throttled"]["expire_after"] < longer["throttled"]["expire_after"]
    for key in ("label", "confidence", "camera", "problem"):
        assert "expire_after" not in found[0][key], "said when it changes, which may be in a year"


def test_the_message_is_said_below_the_prefix() -> None:
    topic, _ = discovery("porch", (), MODEL, snapshots=False, version="0.1.0", prefix="ha")
    assert topic == "ha/device/porch/config"
    with pytest.raises(WireError, match="discovery prefix"):
        discovery("porch", (), MODEL, snapshots=False, version="0.1.0", prefix="ha/#")


def test_the_device_can_be_taken_back() -> None:
    assert retraction("porch") == ("homeassistant/device/porch/config", b"")
    assert retraction("porch", "ha") == ("ha/device/porch/config", b"")


def test_home_assistant_is_told_again_when_it_has_started() -> None:
    assert has_started(b"online", retained=False)
    assert not has_started(b"online", retained=True)
    assert not has_started(b"offline", retained=False)
    assert not has_started(b"\xff", retained=False)
