"""What is said on MQTT."""

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.wire import (
    PAYLOADS,
    Claim,
    Command,
    Desired,
    Frame,
    Health,
    LabelScore,
    Latency,
    Message,
    ModelRef,
    OutboxCounts,
    Percentiles,
    Phase,
    Region,
    Result,
    RolloutAction,
    RolloutStatus,
    State,
    Telemetry,
    UpdateOrder,
    UpdateState,
    WireError,
    decode,
    encode,
    is_asked,
    point,
    timestamp,
    topics,
)
from sagui.wire.schema import json_schema

MODEL = ModelRef(name="toy", version="1.0.0")
SCHEMAS = {
    kind: jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind.__name__}", "$defs": json_schema()["$defs"]})
    for kind in PAYLOADS
}

shares = st.floats(0, 1)
numbers = st.floats(0, 1e9)
counts = st.integers(0, 2**40)
texts = st.text(max_size=20)
times = st.floats(0, 4e9).map(timestamp)
models = st.builds(ModelRef, name=texts, version=texts)
streams = st.none() | st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True)
modes = st.sampled_from(["normal", "safe"])

results = st.builds(
    Result,
    id=texts,
    time=times,
    label=texts,
    score=shares,
    top=st.lists(st.builds(LabelScore, label=texts, score=shares), max_size=3).map(tuple),
    model=models,
    frame=st.builds(Frame, index=counts, source=st.none() | texts),
    latency_ms=st.builds(Latency, preprocess=numbers, infer=numbers, total=numbers),
    stream=streams,
)
lengths = st.floats(0, 1, exclude_min=True)
regions = st.none() | st.builds(Region, x=shares, y=shares, width=lengths, height=lengths)
states = st.builds(State, label=texts, score=shares, since=times, model=models, stream=streams, region=regions)
telemetries = st.builds(
    Telemetry,
    time=times,
    uptime_s=numbers,
    mode=modes,
    frames=counts,
    fps=numbers,
    latency_ms=st.none() | st.builds(Percentiles, p50=numbers, p95=numbers, p99=numbers),
    frame_age_ms=st.none() | numbers,
    dropped_frames=counts,
    temperature_c=st.none() | st.floats(-60, 150),
    throttled=st.none() | st.lists(texts, max_size=3).map(tuple),
    memory_bytes=st.none() | counts,
    memory_free_bytes=st.none() | counts,
    disk_free_bytes=st.none() | counts,
    wifi_dbm=st.none() | st.floats(-120, 0),
    outbox=st.builds(OutboxCounts, waiting=counts, acknowledged=counts, dropped=counts),
    ignored_commands=counts,
    model=st.none() | models,
)
healths = st.builds(
    Health, time=times, mode=modes, camera=st.sampled_from(["ok", "away", "none"]), problem=st.none() | texts
)
claims = st.builds(Claim, boot=texts, up_s=numbers, host=texts)
commands = st.builds(Command, command=st.sampled_from(["snapshot", "restart", "report"]), id=st.none() | texts)

names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
groups = st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True)
versions = st.from_regex(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})(-rc\.[0-9])?", fullmatch=True)
updates = st.builds(
    UpdateState,
    time=times,
    model=st.none() | names,
    installed_version=st.none() | versions,
    latest_version=st.none() | versions,
    in_progress=st.booleans(),
    update_percentage=st.none() | st.integers(0, 100),
    phase=st.sampled_from(get_args(Phase)),
    error=st.none() | texts,
    rollout=st.none() | groups,
    groups=st.lists(groups, max_size=3).map(tuple),
    pinned=st.booleans(),
)
orders = st.builds(
    UpdateOrder, order=st.sampled_from(["install", "revert"]), version=st.none() | versions, id=st.none() | texts
)
plans = st.builds(
    Desired,
    id=groups,
    revision=counts,
    operator=st.text(min_size=1, max_size=20),
    time=times,
    action=st.sampled_from(get_args(RolloutAction)),
    model=names,
    version=versions,
    status=st.sampled_from(get_args(RolloutStatus)),
    share=shares,
    wave=counts,
    waves=st.lists(shares, min_size=1, max_size=5).map(tuple),
    since=times,
    success=shares,
    error=shares,
    dwell_s=numbers,
    timeout_s=numbers,
    reason=st.none() | texts,
)


def check(payload: bytes, kind: type[Message]) -> None:
    """Holds a payload against the published schema."""
    SCHEMAS[kind].validate(json.loads(payload))


def a_result(**changes: Any) -> Result:
    usual: dict[str, Any] = {
        "id": "9f86d081884c-1",
        "time": timestamp(0),
        "label": "red",
        "score": 0.9,
        "top": (),
        "model": MODEL,
        "frame": Frame(index=0),
        "latency_ms": Latency(preprocess=1, infer=1, total=2),
    }
    return Result(**(usual | changes))


@settings(deadline=None)
@given(results | states | telemetries | healths | claims | commands | updates | orders | plans)
def test_a_message_survives_the_wire_and_fits_its_schema(message: Message) -> None:
    payload = encode(message)
    assert decode(payload, type(message)) == message
    check(payload, type(message))


def test_every_message_says_its_version() -> None:
    for message in (
        a_result(),
        State(label="red", score=0.9, since=timestamp(0), model=MODEL),
        Health(time=timestamp(0), mode="normal", camera="ok"),
        Claim(boot="9f86d081884c", up_s=1, host="porch"),
        Command(command="report"),
    ):
        assert json.loads(encode(message))["v"] == 1


@pytest.mark.parametrize(
    "payload", [b"", b"online", b"{}", b'{"v": 2}', b"\xff\xfe", b"[1]", b"[" * 100_000, b'{"x":' * 100_000]
)
@pytest.mark.parametrize("kind", PAYLOADS)
def test_what_is_no_such_message_is_refused(payload: bytes, kind: type[Message]) -> None:
    with pytest.raises(WireError, match=f"not a {kind.__name__.lower()} of version 1"):
        decode(payload, kind)


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode), st.sampled_from(PAYLOADS))
def test_bytes_of_others_are_refused_in_our_own_words(payload: bytes, kind: type[Message]) -> None:
    with pytest.raises(WireError):
        decode(payload, kind)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time", "2026-11-21 04:07:02"),
        ("time", "2026-11-21T04:07:02.329Z\n"),
        ("time", "٢٠٢٦-11-21T04:07:02.329Z"),
        ("score", 1.1),
        ("score", -0.1),
        ("stream", "Door"),
        ("stream", "a/b"),
        ("stream", "door\n"),
        ("stream", ""),
        ("frame", {"index": -1}),
        ("latency_ms", {"preprocess": 1, "infer": 1}),
    ],
)
def test_a_wrong_value_is_refused_and_its_key_named(key: str, value: Any) -> None:
    payload = json.loads(encode(a_result())) | {key: value}
    with pytest.raises(WireError, match=rf"`\$\.{key}|{key}"):
        decode(json.dumps(payload).encode(), Result)
    with pytest.raises(jsonschema.ValidationError):
        check(json.dumps(payload).encode(), Result)


def test_a_key_of_a_later_version_does_no_harm() -> None:
    payload = json.loads(encode(a_result())) | {"later": 1}
    assert decode(json.dumps(payload).encode(), Result) == a_result()


def test_a_payload_of_before_there_were_streams_is_read() -> None:
    payload = json.loads(encode(a_result()))
    del payload["stream"]
    assert decode(json.dumps(payload).encode(), Result).stream is None


def a_state_that_looks_at(region: Any) -> bytes:
    state = State(label="red", score=0.9, since=timestamp(0), model=MODEL, stream="door")
    return json.dumps(json.loads(encode(state)) | {"region": region}).encode()


def test_a_state_says_where_in_the_snapshot_it_looks() -> None:
    payload = a_state_that_looks_at({"x": 0.5, "y": 0, "width": 0.5, "height": 1})
    assert decode(payload, State).region == Region(x=0.5, y=0, width=0.5, height=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": -0.1},
        {"y": 1.1},
        {"width": 0},
        {"height": 0.0},
        {"width": 1.5},
        {"height": "1"},
        {"x": 10**400},
        {"x": None},
    ],
)
def test_a_region_outside_the_picture_is_refused(wrong: dict[str, Any]) -> None:
    payload = a_state_that_looks_at({"x": 0, "y": 0, "width": 1, "height": 1} | wrong)
    with pytest.raises(WireError, match=rf"`\$\.region\.{next(iter(wrong))}`|out of range"):
        decode(payload, State)
    with pytest.raises(jsonschema.ValidationError):
        check(payload, State)


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"1e999", b"[0,0,1,1]", b'"all"', b'{"x":0,"y":0,"width":1}'])
def test_a_region_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(WireError):
        decode(a_state_that_looks_at(None).replace(b'"region": null', b'"region": ' + text), State)


def test_a_state_of_before_there_were_regions_is_read() -> None:
    payload = json.loads(a_state_that_looks_at(None))
    del payload["region"]
    assert decode(json.dumps(payload).encode(), State).region is None


def test_a_file_name_that_is_no_unicode_can_be_said() -> None:
    source = b"caf\xe9.png".decode(errors="surrogateescape")
    result = a_result(frame=Frame(index=3, source=source), top=(LabelScore(label="\ud800", score=0.5),), label="é")
    said = decode(encode(result), Result)
    assert said.frame.source == "caf?.png"
    assert said.top[0].label == "?"
    assert (said.label, said.frame.index) == ("é", 3)


def test_the_published_schema_is_up_to_date(root: Path) -> None:
    published = json.loads((root / "docs" / "mqtt.schema.json").read_text())
    assert published == json.loads(msgspec.json.encode(json_schema())), (
        "run: python -m sagui.wire.schema > docs/mqtt.schema.json"
    )


@pytest.mark.parametrize(
    "name", ["availability", "result", "state", "telemetry", "health", "snapshot", "claim", "command"]
)
def test_topics(name: str) -> None:
    assert getattr(topics, name)("porch") == f"sagui/porch/{name}"


def test_a_stream_has_a_state_of_its_own() -> None:
    assert topics.state("porch", "door") == "sagui/porch/state/door"
    assert topics.state("porch", None) == "sagui/porch/state"


def test_topics_of_home_assistant() -> None:
    assert topics.discovery("porch") == "homeassistant/device/porch/config"
    assert topics.discovery("porch", "ha/test") == "ha/test/device/porch/config"
    assert topics.home_assistant_status() == "homeassistant/status"
    assert topics.home_assistant_status("ha") == "ha/status"


@pytest.mark.parametrize("name", ["", "Porch", "a/b", "#", "+", "a b", "x" * 64, "é", "a\n"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(name: str) -> None:
    with pytest.raises(WireError, match=r"device .* cannot stand in a topic"):
        topics.check_device(name)
    with pytest.raises(WireError, match=r"stream .* cannot stand in a topic"):
        topics.state("porch", name)


@pytest.mark.parametrize("prefix", ["", "/", "a/", "/a", "a//b", "#", "a/+", "$SYS", "a b", "é", "a\n", "x" * 64])
def test_a_prefix_that_cannot_stand_in_a_topic_is_refused(prefix: str) -> None:
    with pytest.raises(WireError, match=r"discovery prefix .* cannot stand in a topic"):
        topics.discovery("porch", prefix)
    with pytest.raises(WireError, match="discovery prefix"):
        topics.home_assistant_status(prefix)


@given(st.sampled_from(["a", "b-2026", "pets-1-4-0"]), st.lists(groups, min_size=1, max_size=50, unique=True))
def test_devices_stand_in_a_rollouts_line_and_stay_there(rollout: str, devices: list[str]) -> None:
    for device in devices:
        assert 0 <= point(rollout, device) < 1
        assert point(rollout, device) == point(rollout, device)


def test_a_rollouts_line_is_even_and_its_own() -> None:
    devices = [f"cam-{number}" for number in range(10_000)]
    first, second = ([point(rollout, device) < 0.05 for device in devices] for rollout in ("one", "two"))
    assert 400 < sum(first) < 600
    assert 400 < sum(second) < 600
    assert sum(a and b for a, b in zip(first, second, strict=True)) < 60


@given(plans, st.lists(groups, max_size=20))
def test_a_greater_share_asks_whom_the_lesser_asked(plan: Desired, devices: list[str]) -> None:
    more = msgspec.structs.replace(plan, share=(plan.share + 1) / 2)
    for device in devices:
        assert is_asked(more, device) or not is_asked(plan, device)
        assert is_asked(msgspec.structs.replace(plan, share=1.0), device)
        assert not is_asked(msgspec.structs.replace(plan, share=0.0), device)


def test_the_topics_of_updates() -> None:
    assert topics.update_state("porch") == "sagui/porch/update/state"
    assert topics.update_set("porch") == "sagui/porch/update/set"
    assert topics.desired("all") == "sagui/fleet/all/desired"
    assert topics.every("update/state") == "sagui/+/update/state"
    assert topics.device_of("sagui/porch/update/state") == "porch"


@pytest.mark.parametrize(
    "topic", ["", "sagui", "sagui/porch", "other/porch/state", "sagui/fleet/all/desired", "sagui//x"]
)
def test_topics_of_no_device_are_refused(topic: str) -> None:
    with pytest.raises(WireError, match=r"sagui/|cannot stand"):
        topics.device_of(topic)


def test_no_device_is_called_as_the_plans_are() -> None:
    with pytest.raises(WireError, match="choose another name"):
        topics.check_device("fleet")


@pytest.mark.parametrize("group", ["", "Porch", "a/b", "+", "#", "x" * 64])
def test_groups_that_cannot_stand_in_a_topic_are_refused(group: str) -> None:
    with pytest.raises(WireError, match="group"):
        topics.desired(group)


@pytest.mark.parametrize("since", ["2026-11-21T04:07:02Z", "2026-11-21T04:07:02.329+00:00", "yesterday"])
def test_a_time_that_is_none_is_refused_with_what_one_looks_like(since: str) -> None:
    said = json.loads(
        encode(State(label="cat", score=0.5, since=timestamp(0.25), model=ModelRef(name="pets", version="1.0.0")))
    )
    with pytest.raises(WireError) as told:
        decode(json.dumps(said | {"since": since}).encode(), State)
    assert str(told.value).endswith(
        "Expected a time such as 2026-11-21T04:07:02.329Z (UTC, with milliseconds) - at `$.since`"
    )


def test_a_stream_that_is_no_name_is_refused_in_words() -> None:
    said = json.loads(
        encode(State(label="cat", score=0.5, since=timestamp(0.25), model=ModelRef(name="pets", version="1.0.0")))
    )
    with pytest.raises(WireError, match=r"Expected small letters, digits and -, 63 at most - at `\$\.stream`"):
        decode(json.dumps(said | {"stream": "The Door"}).encode(), State)
