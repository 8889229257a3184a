"""The stream for scripts: JSON lines, and CSV."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.watch.saying import NOON_S, health, result, state, telemetry, update

from sagui.deploy.monitor.lines import Aside, LineView
from sagui.deploy.monitor.record import KEYS
from sagui.deploy.monitor.records import CsvLines, JsonLines, RecordView
from sagui.deploy.monitor.standing import Standing
from sagui.deploy.watch import Fleet

HERE = Standing("mqtt://broker:1883", connected=True)


class Stream:
    """A fleet, and what a view writes of it."""

    def __init__(self, kind: str = "json", group: str | None = None) -> None:
        self.fleet, self.out, self.aside = Fleet(), io.StringIO(), io.StringIO()
        aside = Aside(self.aside)
        self.view: Any = (
            LineView(self.out, group, aside)
            if kind == "lines"
            else RecordView(self.out, JsonLines() if kind == "json" else CsvLines(), group, aside)
        )

    def say(self, topic: str, payload: bytes, now_s: float = NOON_S) -> list[str]:
        """Says it, and gives the lines that are written then."""
        if device := self.fleet.take(f"sagui/{topic}", payload, now_s, retained=False):
            self.view.learned(self.fleet, device, now_s)
        return self.turn(now_s)

    def turn(self, now_s: float, standing: Standing = HERE) -> list[str]:
        at = self.out.tell()
        self.view.turn(self.fleet, standing, now_s)
        return self.out.getvalue()[at:].splitlines()


def test_each_change_is_an_object_with_all_keys() -> None:
    stream = Stream()
    said = [("state", state()), ("telemetry", telemetry()), ("health", health()), ("update/state", update())]
    for kind, payload in [("availability", b"online"), *said, ("result", result(NOON_S + 1, score=0.97))]:
        (line,) = stream.say(f"porch/{kind}", payload)
        found = json.loads(line)
        assert tuple(found) == KEYS
    expected = {
        "time": "2026-11-18T11:06:40.000Z",
        "device": "porch",
        "stream": None,
        "status": "online",
        "label": "cat",
        "score": 0.97,
        "since": "2026-11-18T11:06:40.000Z",
        "model": "pets",
        "version": "1.3.0",
        "fps": 9.98,
        "p95_ms": 64.8,
        "temperature_c": 61.2,
        "throttled": [],
        "outbox_waiting": 3,
        "camera": "ok",
        "update_phase": "idle",
        "groups": ["porch"],
        "flood": False,
        "unreadable": 0,
    }
    assert {key: found[key] for key in expected} == expected


def test_what_changes_nothing_writes_nothing() -> None:
    stream = Stream()
    assert len(stream.say("porch/state", state())) == 1
    assert stream.say("porch/state", state()) == []
    assert stream.say("porch/result", result(NOON_S + 1, score=0.8)) == []


def test_each_stream_is_a_record_of_its_own() -> None:
    stream = Stream()
    stream.say("porch/state/door", state(stream="door"))
    (line,) = stream.say("porch/state/window", state(stream="window", label="shut"))
    assert (json.loads(line)["stream"], json.loads(line)["label"]) == ("window", "shut")


def test_silence_and_the_end_of_a_device_are_told_too() -> None:
    stream = Stream()
    stream.say("porch/availability", b"online")
    stream.say("porch/telemetry", telemetry())
    (line,) = stream.turn(NOON_S + 200)
    assert json.loads(line)["status"] == "stale"
    assert stream.turn(NOON_S + 202) == []
    stream.say("porch/availability", b"", NOON_S + 203)
    (line,) = stream.say("porch/telemetry", b"", NOON_S + 204)
    assert json.loads(line) == dict.fromkeys(KEYS) | {
        "time": "2026-11-18T11:10:04.000Z",
        "device": "porch",
        "status": "gone",
    }


def test_a_flood_is_told_once_and_not_for_every_message_that_is_left_out() -> None:
    stream = Stream()
    lines = [line for _ in range(2000) for line in stream.say("evil/health", b"x")]
    assert len(lines) == 2
    assert [json.loads(line)["flood"] for line in lines] == [False, True]
    assert "malformed" in json.loads(lines[0])["unreadable_why"]


def test_a_group_is_only_its_devices() -> None:
    stream = Stream(group="porch")
    assert stream.say("shed/update/state", update(groups=("shed",))) == []
    assert stream.say("door/availability", b"online") == []
    assert len(stream.say("door/update/state", update(groups=("all", "porch")))) == 1


@pytest.mark.parametrize("kind", ["json", "csv"])
@given(label=st.text(max_size=30))
def test_no_letter_of_a_device_breaks_a_line_or_moves_the_cursor(kind: str, label: str) -> None:
    stream = Stream(kind)
    (line,) = stream.say("porch/state", state(label=label))[-1:]
    assert stream.out.getvalue().endswith("\n")
    assert len(stream.out.getvalue().splitlines()) == (1 if kind == "json" else 2)
    if kind == "json":
        assert json.loads(line)["label"] == label
        assert line.isascii()
    else:
        assert all(letter.isprintable() for letter in line)


def test_csv_has_a_header_and_as_many_cells_in_each_row() -> None:
    stream = Stream("csv")
    assert stream.turn(NOON_S) == [",".join(KEYS)]
    stream.say("porch/state", state(label='a,"b"'))
    stream.say("porch/telemetry", telemetry(throttled=("under-voltage", "throttled")))
    rows = list(csv.DictReader(io.StringIO(stream.out.getvalue())))
    assert [row["label"] for row in rows] == ['a,"b"'] * 2
    assert (rows[1]["throttled"], rows[1]["fps"], rows[1]["camera"]) == ("under-voltage; throttled", "9.98", "")
    assert rows[1]["flood"] == "false"
    assert None not in rows[1]


def test_a_label_is_no_formula_to_a_spreadsheet() -> None:
    stream = Stream("csv")
    stream.say("porch/state", state(label='=HYPERLINK("http://evil","cat")'))
    (row,) = csv.DictReader(io.StringIO(stream.out.getvalue()))
    assert row["label"].startswith("'=")


def test_lines_are_for_what_a_person_wants_to_know() -> None:
    stream = Stream("lines")
    (line,) = stream.say("porch/availability", b"online")
    assert line == "2026-11-18T11:06:40.000Z porch: online"
    (line,) = stream.say("porch/state", state())
    assert line.endswith("porch: online, cat 80% since 2026-11-18T11:06:40.000Z, pets 1.3.0")
    assert stream.say("porch/result", result(NOON_S + 1, score=0.99)) == []
    assert stream.say("porch/telemetry", telemetry()) == []
    (line,) = stream.say("porch/health", health(camera="away", problem="no\x1b frames"))
    assert line.endswith("camera away: no frames")
    (line,) = stream.say("porch/availability", b"offline")
    assert "porch: offline" in line
    stream.say("porch/availability", b"online", NOON_S)
    assert "porch: stale" in stream.turn(NOON_S + 500)[0]
    for kind in ("availability", "state", "telemetry"):
        stream.say(f"porch/{kind}", b"", NOON_S + 500)
    assert stream.say("porch/health", b"", NOON_S + 500) == ["2026-11-18T11:15:00.000Z porch: gone"]


def test_how_the_monitor_is_is_said_aside_and_once() -> None:
    stream = Stream()
    for standing in (Standing("b"), Standing("b", why="no"), Standing("b", why="no"), HERE):
        stream.turn(NOON_S, standing)
    for odd in range(1, 5):
        stream.turn(NOON_S, Standing("mqtt://broker:1883", connected=True, odd=odd, odd_topic=f"x/{odd}"))
    assert stream.aside.getvalue().splitlines() == [
        "connecting to b",
        "b is away: no; trying again",
        "connected to mqtt://broker:1883",
        "1 messages on topics that no device may have, the last: x/1",
    ]


def test_a_clock_that_is_behind_by_less_than_is_shown_has_no_sign() -> None:
    stream = Stream("csv")
    stream.say("porch/availability", b"online")
    stream.say("porch/telemetry", telemetry(), NOON_S + 0.04)
    written = list(csv.DictReader(io.StringIO(stream.out.getvalue())))
    assert written[-1]["clock_skew_s"] == "0.0"
