"""`telegraf.conf`: held to telegraf's documented options, and to what devices say."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.integrations.messages import (
    MODEL,
    NOON,
    bare_telemetry,
    later,
    nanoseconds,
    result,
    said_at,
    telemetry,
    update,
)
from tests.deploy.integrations.rows import RECEIVED, changed, heard, reader_of, row_of
from tests.deploy.integrations.telegraf_reading import Config, UnreadableError, load, take

from sagui.wire import Result, Telemetry, UpdateState, encode, topics
from sagui.wire.results import Frame, LabelScore, Latency

# By https://docs.influxdata.com/telegraf/v1/: the options of a table, and the type of each.
DOCUMENTED: dict[str, dict[str, type]] = {
    "agent": {
        "interval": str,
        "flush_interval": str,
        "metric_batch_size": int,
        "metric_buffer_limit": int,
        "omit_hostname": bool,
    },
    "inputs.mqtt_consumer": {
        "name_override": str,
        "servers": list,
        "topics": list,
        "topic_tag": str,
        "qos": int,
        "persistent_session": bool,
        "client_id": str,
        "connection_timeout": str,
        "max_undelivered_messages": int,
        "tls_ca": str,
        "tls_cert": str,
        "tls_key": str,
        "data_format": str,
        "data_type": str,
        "value_field_name": str,
        "topic_parsing": list,
        "json_v2": list,
    },
    "inputs.mqtt_consumer.topic_parsing": {"topic": str, "measurement": str, "tags": str, "fields": str},
    "inputs.mqtt_consumer.json_v2": {
        "measurement_name": str,
        "timestamp_path": str,
        "timestamp_format": str,
        "tag": list,
        "field": list,
    },
    "inputs.mqtt_consumer.json_v2.tag": {"path": str, "rename": str, "optional": bool},
    "inputs.mqtt_consumer.json_v2.field": {"path": str, "rename": str, "type": str, "optional": bool},
    "processors.strings": {"order": int, "valid_utf8": list, "replace": list, "left": list},
    "processors.strings.valid_utf8": {"field": str, "tag": str, "replacement": str},
    "processors.strings.replace": {"field": str, "tag": str, "old": str, "new": str},
    "processors.strings.left": {"field": str, "tag": str, "width": int},
    "processors.starlark": {"order": int, "source": str},
    "outputs.health": {"service_address": str},
    "outputs.postgresql": {"connection": str, "schema": str, "create_templates": list, "add_column_templates": list},
    "outputs.influxdb_v2": {"urls": list, "token": str, "organization": str, "bucket": str},
}
# What of the messages is not written down, and why.
LEFT_OUT = {
    Result: {"time"},  # the row's own time
    Telemetry: {"time"},
    UpdateState: {"time", "groups"},  # a row for each group would be several rows of one message
}


def tables(config: Config, name: str = "") -> list[tuple[str, Config]]:
    """Every table of the file, with its dotted name."""
    found = [(name, config)] if name.count(".") or name == "agent" else []
    for key, value in config.items():
        inner = value if isinstance(value, list) else [value]
        for one in inner:
            if isinstance(one, dict):
                found += tables(one, f"{name}.{key}".strip("."))
    return found


@pytest.mark.parametrize("file", ["telegraf", "telegraf.d/postgresql", "telegraf.d/influxdb", "telegraf.d/health"])
def test_every_option_is_a_documented_one_of_its_type(deployed: Path, file: str) -> None:
    found = tables(load(deployed / "telegraf" / f"{file}.conf"))
    assert found
    for name, table in found:
        for option, value in table.items():
            assert isinstance(value, DOCUMENTED[name][option]), f"{name}.{option}"


def test_each_input_has_a_session_that_the_broker_keeps(config: Config) -> None:
    readers = config["inputs"]["mqtt_consumer"]
    assert len({one["client_id"] for one in readers}) == len(readers) == 4
    assert all(one["qos"] == 1 and one["persistent_session"] for one in readers)
    assert {topic for one in readers for topic in one["topics"]} == {
        topics.every(name) for name in ("result", "telemetry", "update/state", "availability")
    }


@pytest.mark.parametrize(
    ("kind", "name"), [(Result, "result"), (Telemetry, "telemetry"), (UpdateState, "update/state")]
)
def test_nothing_that_devices_say_is_forgotten(config: Config, kind: type[msgspec.Struct], name: str) -> None:
    (parser,) = reader_of(config, name)["json_v2"]
    read = {one["path"].split(".")[0] for one in (*parser["field"], *parser.get("tag", ()))}
    assert read | LEFT_OUT[kind] == set(kind.__struct_fields__)


def test_a_result_becomes_a_row(config: Config) -> None:
    assert row_of(config, result(stream="door")) == {
        "time": "2026-11-21 12:00:00.329000",
        "device": "porch",
        "stream": "door",
        "id": "9f86d081884c-42",
        "label": "defective",
        "score": 0.9441,
        "best_label": "defective",
        "best_score": 0.9441,
        "model": "elpv-solar-cells",
        "model_version": "1.0.0",
        "frame_index": 42,
        "frame_source": "cell0042.png",
        "preprocess_ms": 0.31,
        "infer_ms": 4.02,
        "total_ms": 4.41,
        "said_ns": nanoseconds(NOON),
        "received_ns": RECEIVED,
    }


def test_telemetry_becomes_a_row_and_reasons_become_their_number(config: Config) -> None:
    row = row_of(config, telemetry(waiting=7))
    assert (row["latency_p95_ms"], row["temperature_c"], row["outbox_waiting"]) == (64.8, 61.2, 7)
    assert row["throttled"] == 2
    assert row_of(config, msgspec.structs.replace(telemetry(), throttled=()))["throttled"] == 0


def test_what_a_machine_cannot_tell_is_left_out_and_the_rest_is_there(config: Config) -> None:
    row = row_of(config, bare_telemetry())
    assert {"temperature_c", "latency_p95_ms", "wifi_dbm", "throttled", "model"}.isdisjoint(row)
    assert (row["fps"], row["mode"], row["device"]) == (0.0, "safe", "porch")


def test_keys_of_a_later_version_1_do_no_harm(config: Config) -> None:
    said = json.loads(encode(result())) | {"mood": "sunny", "boxes": [1, 2, 3]}
    metric = take(config, "sagui/porch/result", json.dumps(said).encode(), RECEIVED)
    assert metric
    assert metric.row() == row_of(config, result())


def test_an_update_becomes_a_row(config: Config) -> None:
    row = row_of(config, update(phase="reverted"), "shed")
    assert (row["device"], row["installed_version"], row["phase"]) == ("shed", "1.0.0", "reverted")
    assert row["in_progress"] is False


def test_availability_is_plain_text_of_its_receipt(config: Config) -> None:
    metric = take(config, "sagui/porch/availability", topics.OFFLINE, RECEIVED)
    assert metric
    assert (metric.name, metric.tags, metric.time) == ("availability", {"device": "porch"}, RECEIVED)
    assert metric.fields["said"] == "offline"


TEXT = st.text(max_size=40)
SHARE = st.floats(0, 1, allow_nan=False)
MILLISECONDS = st.floats(0, 1e6, allow_nan=False)


@given(
    said=st.builds(
        Result,
        id=TEXT,
        time=st.integers(0, 3600).map(lambda ago_s: said_at(later(-ago_s))),
        label=TEXT,
        score=SHARE,
        top=st.lists(st.builds(LabelScore, label=TEXT, score=SHARE), max_size=3).map(tuple),
        model=st.just(MODEL),
        frame=st.builds(Frame, index=st.integers(0, 2**53), source=st.none() | TEXT),
        latency_ms=st.builds(Latency, preprocess=MILLISECONDS, infer=MILLISECONDS, total=MILLISECONDS),
        stream=st.none() | st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True),
    )
)
def test_whatever_a_result_holds_is_in_its_row(config: Config, said: Result) -> None:
    row = row_of(config, said)
    known = msgspec.json.decode(encode(said), type=Result)
    assert (row["id"], row["label"]) == (known.id.replace("\0", "?"), known.label.replace("\0", "?"))
    assert (row["score"], row["total_ms"]) == (known.score, known.latency_ms.total)
    assert row.get("best_score") == (known.top[0].score if known.top else None)
    assert row.get("stream") == known.stream
    assert row["frame_index"] == known.frame.index


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"<script>alert(1)</script>",
        b"{" * 1000,
        b"[]",
        b"null",
        b'"text"',
        changed(time=None),
        changed(time="yesterday"),
        changed(time=12),
        changed(score="high"),
        changed(model="elpv"),
        changed(latency_ms=None),
    ],
)
def test_what_is_no_result_is_left_out(config: Config, payload: bytes) -> None:
    with pytest.raises(UnreadableError):
        take(config, "sagui/porch/result", payload, RECEIVED)


@pytest.mark.parametrize("version", [2, 0, 99])
def test_a_newer_version_is_left_out(config: Config, version: int) -> None:
    assert take(config, "sagui/porch/result", changed(v=version), RECEIVED) is None


def test_text_that_a_database_would_refuse_is_mended(config: Config) -> None:
    payload = encode(result()).replace(b'"label":"defective"', b'"label":"a\xff\xfeb\\u0000c"', 1)
    metric = take(config, "sagui/porch/result", payload, RECEIVED)
    assert metric
    assert metric.fields["label"] == "a?b?c"


@pytest.mark.parametrize("off", [timedelta(days=-61), timedelta(days=2), timedelta(days=-20_000)])
def test_a_clock_that_is_far_off_is_not_believed_but_kept(config: Config, off: timedelta) -> None:
    metric = heard(config, result(at=NOON + off))
    assert metric
    assert (metric.time, metric.fields["said_ns"]) == (RECEIVED, nanoseconds(NOON + off))


@pytest.mark.parametrize("off", [timedelta(days=-59), timedelta(hours=23)])
def test_what_waited_in_an_outbox_keeps_its_time(config: Config, off: timedelta) -> None:
    metric = heard(config, result(at=NOON + off))
    assert metric
    assert (metric.time, metric.fields["received_ns"]) == (nanoseconds(NOON + off), RECEIVED)
