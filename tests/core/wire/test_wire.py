"""What is said on MQTT."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.wire import Frame, LabelScore, Latency, ModelRef, Result, State, WireError, decode, encode, timestamp, topics
from sagui.wire.schema import json_schema

MODEL = ModelRef(name="toy", version="1.0.0")


@st.composite
def results(draw: st.DrawFn) -> Result:
    share = st.floats(0, 1)
    ms = st.floats(0, 1e6)
    text = st.text(min_size=1, max_size=20)
    top = draw(st.lists(st.builds(LabelScore, label=text, score=share), max_size=3))
    return Result(
        id=draw(text),
        time=timestamp(draw(st.floats(0, 4e9))),
        label=draw(text),
        score=draw(share),
        top=tuple(top),
        model=MODEL,
        frame=Frame(index=draw(st.integers(0, 2**40)), source=draw(st.none() | text)),
        latency_ms=Latency(preprocess=draw(ms), infer=draw(ms), total=draw(ms)),
    )


@given(results())
def test_a_result_survives_the_wire_and_fits_its_schema(result: Result) -> None:
    payload = encode(result)
    assert decode(payload, Result) == result
    schema = json_schema()
    jsonschema.validate(json.loads(payload), {"$ref": "#/$defs/Result", "$defs": schema["$defs"]})


def test_a_state_survives_the_wire() -> None:
    state = State(label="red", score=0.9, since=timestamp(0), model=MODEL)
    assert decode(encode(state), State) == state


@pytest.mark.parametrize("payload", [b"", b"online", b"{}", b'{"v": 2}', b"\xff\xfe", b"[1]"])
def test_what_is_no_result_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError, match="not a result of version 1"):
        decode(payload, Result)


def test_the_published_schema_is_up_to_date(root: Path) -> None:
    published = json.loads((root / "docs" / "mqtt.schema.json").read_text())
    assert published == json_schema(), "run: python -m sagui.wire.schema > docs/mqtt.schema.json"


def test_topics() -> None:
    assert topics.result("porch") == "sagui/porch/result"
    assert topics.state("porch") == "sagui/porch/state"
    assert topics.availability("porch") == "sagui/porch/availability"


@pytest.mark.parametrize("device", ["", "Porch", "a/b", "#", "+", "a b", "x" * 64, "é", "a\n"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(device: str) -> None:
    with pytest.raises(WireError, match="cannot stand in a topic"):
        topics.check_device(device)
