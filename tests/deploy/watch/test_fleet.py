"""What is made of the messages of a fleet, whoever wrote them."""

import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.watch.saying import MODEL, NOON_S, health, result, state, telemetry, update

from sagui.deploy.watch import BUCKETS, Fleet, Limits, Row
from sagui.deploy.watch.fleet import TOPICS
from sagui.wire import ModelRef, Region, topics

KINDS = ("availability", "result", "state", "telemetry", "health", "update/state")


class Porch:
    """A fleet and its clock."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.fleet, self.now_s = Fleet(limits), NOON_S

    def say(self, kind: str, payload: bytes, *, after_s: float = 0.0, retained: bool = False) -> str | None:
        self.now_s += after_s
        return self.fleet.take(f"sagui/porch/{kind}", payload, self.now_s, retained=retained)

    @property
    def row(self) -> Row:
        row = self.fleet.row("porch")
        assert row is not None
        return row


@pytest.fixture
def porch() -> Porch:
    return Porch()


def test_a_device_is_what_it_says(porch: Porch) -> None:
    for kind, payload in {
        "availability": b"online",
        "state": state(),
        "telemetry": telemetry(),
        "health": health(camera="away", problem="the camera gives no frames"),
        "update/state": update(phase="downloading", in_progress=True, update_percentage=42),
    }.items():
        assert porch.say(kind, payload, retained=True) == "porch"
    row = porch.row
    assert (row.status(NOON_S), row.model, row.groups) == ("online", MODEL, ("porch",))
    assert [(one.name, one.label, one.score, one.since_s) for one in row.streams] == [(None, "cat", 0.8, NOON_S)]
    assert row.telemetry is not None
    assert (row.telemetry.fps, row.telemetry.outbox.waiting, row.telemetry.temperature_c) == (9.98, 3, 61.2)
    assert row.health is not None
    assert row.health.problem == "the camera gives no frames"
    assert row.update is not None
    assert (row.update.phase, row.update.update_percentage) == ("downloading", 42)
    assert row.heard_s is None
    assert row.unreadable == 0


def test_the_label_is_the_states_and_the_score_that_of_the_newest_result_with_it(porch: Porch) -> None:
    porch.say("state", state(label="cat", score=0.8))
    porch.say("result", result(NOON_S + 1, "cat", 0.95))
    porch.say("result", result(NOON_S + 2, "dog", 0.6))
    assert [(one.label, one.score, one.since_s) for one in porch.row.streams] == [("cat", 0.95, NOON_S)]
    porch.say("state", state(label="cat", score=0.8))
    assert porch.row.streams[0].score == 0.95
    porch.say("state", state(NOON_S + 3, "dog", 0.7))
    assert [(one.label, one.score) for one in porch.row.streams] == [("dog", 0.7)]


def test_without_a_state_the_newest_result_tells(porch: Porch) -> None:
    for second, label in enumerate(("cat", "cat", "dog")):
        porch.say("result", result(NOON_S + second, label, 0.5 + second / 10))
    stream = porch.row.streams[0]
    assert (stream.label, stream.score, stream.since_s) == ("dog", 0.7, NOON_S + 2)


def test_results_that_waited_on_the_device_do_not_undo_its_state(porch: Porch) -> None:
    porch.say("state", state(NOON_S, "cat", 0.8))
    porch.say("result", result(NOON_S - 3600, "cat", 0.1))
    assert porch.row.streams[0].score == 0.8


def test_each_stream_has_its_own_label(porch: Porch) -> None:
    porch.say("state/door", state(stream="door", label="open"))
    porch.say("state/window", state(stream="window", label="shut"))
    porch.say("result", result(NOON_S + 1, "shut", 0.99, stream="window"))
    assert [(one.name, one.label, one.score) for one in porch.row.streams] == [
        ("door", "open", 0.8),
        ("window", "shut", 0.99),
    ]
    porch.say("state/door", b"")
    assert [one.name for one in porch.row.streams] == ["window"]


def test_where_a_stream_looks_is_its_newest_states_word(porch: Porch) -> None:
    left = Region(x=0, y=0, width=0.5, height=1)
    porch.say("state/door", state(stream="door", region=left))
    porch.say("result", result(stream="door", score=0.7))
    assert [(one.region, one.score) for one in porch.row.streams] == [(left, 0.7)]
    porch.say("state/door", state(stream="door"))
    assert [one.region for one in porch.row.streams] == [None]


def test_a_region_outside_the_picture_is_not_believed(porch: Porch) -> None:
    porch.say("state", state().replace(b'"region":null', b'"region":{"x":-1,"y":0,"width":9,"height":1}'))
    assert porch.row.streams == ()
    assert "region.x" in porch.row.unreadable_why


def test_a_stream_on_anothers_topic_is_not_believed(porch: Porch) -> None:
    porch.say("state/door", state(stream="window"))
    assert porch.row.streams == ()
    assert "not of its topic's" in porch.row.unreadable_why


def test_a_device_that_says_online_and_nothing_more_is_stale_after_three_periods(porch: Porch) -> None:
    porch.say("availability", b"online", retained=True)
    porch.say("telemetry", telemetry(), retained=True)
    assert porch.row.status(NOON_S + 180) == "online"
    assert porch.row.status(NOON_S + 181) == "stale"
    porch.say("result", result(), after_s=181)
    assert porch.row.status(porch.now_s) == "online"
    porch.say("availability", b"offline")
    assert porch.row.status(porch.now_s + 10_000) == "offline"


@pytest.mark.parametrize(("period_s", "quiet_s"), [(1.0, 10.0), (20.0, 60.0), (3600.0, 10_800.0)])
def test_the_period_is_learned_from_the_telemetry(porch: Porch, period_s: float, quiet_s: float) -> None:
    for turn in range(4):
        porch.say("telemetry", telemetry(NOON_S + turn * period_s), after_s=period_s)
    assert porch.row.quiet_s == pytest.approx(quiet_s)
    # One that was asked for in between changes nothing.
    porch.say("telemetry", telemetry(NOON_S + 3 * period_s + 0.4), after_s=0.4)
    assert porch.row.quiet_s == pytest.approx(quiet_s)


def test_a_device_without_telemetry_is_never_stale(porch: Porch) -> None:
    porch.say("availability", b"online", retained=True)
    assert porch.row.status(NOON_S + 1e6) == "online"


def test_a_wrong_clock_is_known_from_live_numbers_alone(porch: Porch) -> None:
    porch.say("telemetry", telemetry(NOON_S - 7200), retained=True)
    assert porch.row.skew_s is None
    porch.say("telemetry", telemetry(NOON_S - 7200), after_s=60)
    assert porch.row.skew_s is None, "said again after a reconnection"
    porch.say("telemetry", telemetry(NOON_S - 7080), after_s=60)
    assert porch.row.skew_s == pytest.approx(-7200)
    porch.say("state", state(NOON_S - 7200))
    assert porch.row.held_s(porch.row.streams[0], porch.now_s) == pytest.approx(120)


def test_an_empty_message_takes_back_what_was_said_and_the_last_one_the_device(porch: Porch) -> None:
    said = {"availability": b"online", "state": state(), "telemetry": telemetry(), "update/state": update()}
    for kind, payload in said.items():
        porch.say(kind, payload)
    for kind in list(said)[:-1]:
        assert porch.say(kind, b"") == "porch"
        assert porch.fleet.row("porch") is not None
    assert porch.say("update/state", b"") == "porch"
    assert porch.fleet.row("porch") is None
    assert porch.say("update/state", b"") is None
    assert len(porch.fleet) == 0


@pytest.mark.parametrize(
    ("kind", "payload", "why"),
    [
        ("availability", b"maybe", r"neither online nor offline"),
        ("telemetry", b"{}", r"missing required field"),
        ("telemetry", telemetry().replace(b'"v":1', b'"v":2'), r"says version 2, .* newer than this sagui"),
        (
            "telemetry",
            telemetry().replace(b'"fps":9.98', b'"fps":"fast"'),
            r"got `str` - at `\$.fps`",
        ),
        ("telemetry", b'"' + b"x" * 20_000 + b'"', r"20,002 bytes, and at most 16,384 are read"),
        ("state", b"x" * 10_000_000, r"10,000,000 bytes"),
        ("state", state().replace(b"-11-", b"-13-"), r"no such time: 2026-13"),
        ("health", b"<script>alert(1)</script>", r"malformed"),
        ("health", b"[" * 5000, r"recursion|malformed|truncated|Expected"),
        ("update/state", b"\xff\xfe", r"malformed|invalid"),
        ("result", b"", r"truncated|malformed"),
    ],
)
def test_what_cannot_be_read_is_counted_and_its_reason_kept(porch: Porch, kind: str, payload: bytes, why: str) -> None:
    porch.say("state", state(label="dog"))
    assert porch.say(kind, payload) == "porch"
    assert porch.row.unreadable == 1
    assert porch.row.garbled == (kind,)
    assert porch.row.unreadable_why.startswith(f"{kind}: ")
    assert re.search(why, porch.row.unreadable_why)
    assert porch.row.streams[0].label == "dog", "what it said before stands"


def test_a_topic_that_can_be_read_again_is_not_garbled_any_more(porch: Porch) -> None:
    porch.say("telemetry", b"{}")
    porch.say("telemetry", telemetry())
    assert (porch.row.unreadable, porch.row.garbled) == (1, ())


@pytest.mark.parametrize(
    "topic",
    ["sagui/Porch/state", "sagui/../state", "sagui/<b>/state", "sagui//state", "sagui/a b/state", "other/porch/state"],
)
def test_devices_with_odd_names_are_never_known(topic: str) -> None:
    fleet = Fleet()
    assert fleet.take(topic, state(), NOON_S, retained=False) is None
    assert (len(fleet), fleet.odd, fleet.odd_topic) == (0, 1, topic)


@pytest.mark.parametrize("topic", ["sagui/fleet/porch/desired", "sagui/fleet/state"])
def test_plans_of_groups_are_no_devices(topic: str) -> None:
    fleet = Fleet()
    assert fleet.take(topic, b"{}", NOON_S, retained=True) is None
    assert (len(fleet), fleet.odd) == (0, 0)


@pytest.mark.parametrize("kind", ["command", "claim", "snapshot", "update/set", "tomorrow", "state/a/b/c"])
def test_other_topics_are_left_alone(porch: Porch, kind: str) -> None:
    porch.say(kind, b"x" * 1000)
    assert all(not row.streams for row in porch.fleet.rows())


def test_there_are_no_more_devices_than_allowed() -> None:
    fleet = Fleet(Limits(devices=3))
    for number in range(5):
        fleet.take(f"sagui/cam-{number}/availability", b"online", NOON_S, retained=True)
    assert (len(fleet), fleet.crowded_out) == (3, 2)
    fleet.take("sagui/cam-0/availability", b"", NOON_S, retained=False)
    assert fleet.take("sagui/cam-4/availability", b"online", NOON_S, retained=True) == "cam-4"


def test_there_are_no_more_streams_than_an_agent_has(porch: Porch) -> None:
    for number in range(100):
        porch.say(f"state/s-{number}", state(stream=f"s-{number}"))
    for number in range(100):
        porch.say("result", result(stream=f"r-{number}"))
    assert len(porch.row.streams) == Limits().streams
    assert "more than 16 streams" in porch.row.unreadable_why


def test_a_flood_is_told_of_and_its_memory_stays_flat(porch: Porch) -> None:
    def flood(seconds: int) -> None:
        for second in range(seconds):
            for _ in range(1000):
                porch.say("result", result(porch.now_s))
            porch.now_s = NOON_S + second + 1

    flood(2)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    flood(4)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 20_000
    assert (porch.row.left_out, porch.row.flood_per_s) == (6 * 700, 1000)
    assert porch.now_s <= porch.row.flood_until_s < porch.now_s + 60
    porch.say("result", result(porch.now_s, "dog", 0.5), after_s=100)
    assert porch.row.flood_until_s < porch.now_s


def test_a_neighbour_of_a_flood_is_heard(porch: Porch) -> None:
    for _ in range(5000):
        porch.say("result", b"x")
    assert porch.fleet.take("sagui/shed/availability", b"offline", porch.now_s, retained=False) == "shed"
    shed = porch.fleet.row("shed")
    assert shed is not None
    assert shed.status(porch.now_s) == "offline"


def test_long_texts_are_cut() -> None:
    porch, long = Porch(), "x" * 2000
    model = ModelRef(name=long, version=long)
    porch.say("state", state(label=long, model=model))
    porch.say("result", result(NOON_S + 1, long, 0.99, model=model))
    porch.say("health", health(problem=long))
    porch.say("telemetry", telemetry(model=model, throttled=(long,) * 4))
    row = porch.row
    assert row.health is not None
    assert row.telemetry is not None
    assert row.telemetry.throttled is not None
    kept = [row.streams[0].label, row.streams[0].model.name, row.health.problem or "", row.telemetry.throttled[0]]
    assert [len(text) for text in kept] == [256] * 4
    assert row.streams[0].score == 0.99


def test_the_last_hour_of_scores_is_kept_in_minutes(porch: Porch) -> None:
    porch.say("result", result(NOON_S, score=0.2))
    porch.say("result", result(NOON_S + 1, score=0.4), after_s=1)
    porch.say("result", result(NOON_S + 120, score=0.8), after_s=119)
    means = porch.fleet.scores("porch", None, porch.now_s)
    assert len(means) == BUCKETS
    assert means[-1] == pytest.approx(0.8)
    assert means[-3] == pytest.approx(0.3)
    assert sum(one is not None for one in means) == 2
    assert porch.fleet.scores("porch", None, porch.now_s + 4000) == (None,) * BUCKETS
    assert porch.fleet.scores("shed", "door", porch.now_s) == (None,) * BUCKETS


def test_scores_that_waited_on_the_device_belong_to_when_they_were_seen(porch: Porch) -> None:
    porch.say("result", result(NOON_S - 600, score=0.5))
    porch.say("result", result(NOON_S - 7200, score=0.1))
    means = porch.fleet.scores("porch", None, NOON_S)
    assert [at for at, mean in enumerate(means) if mean is not None] == [BUCKETS - 11]


_NAMES = st.sampled_from(["porch", "shed", "fleet", "<b>", ""])
_TOPICS = st.builds("sagui/{}/{}".format, _NAMES, st.sampled_from([*TOPICS, "state/door", "odd", ""])) | st.text()
_SAID = st.sampled_from([b"online", b"offline", b"", state(), result(), telemetry(), health(), update()])


@st.composite
def _damaged(draw: Any) -> bytes:
    payload = bytearray(draw(_SAID))
    for _ in range(draw(st.integers(0, 4)) if payload else 0):
        payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    return bytes(payload)


@given(st.lists(st.tuples(_TOPICS, st.binary() | _SAID | _damaged(), st.floats(0, 4e9), st.booleans()), max_size=40))
def test_whatever_comes_is_taken_and_only_devices_are_known(said: list[tuple[str, bytes, float, bool]]) -> None:
    fleet = Fleet()
    for topic, payload, received_s, retained in said:
        told = fleet.take(topic, payload, received_s, retained=retained)
        assert told is None or topics.device_of(topic) == told
        for row in fleet.rows():
            assert topics.check_device(row.device) == row.device
            assert row.status(received_s) in {"online", "stale", "offline", "unknown"}
            means = fleet.scores(row.device, None, received_s)
            assert all(mean is None or 0 <= mean <= 1 for mean in means)


@given(st.permutations(KINDS[2:]), st.booleans())
def test_the_order_of_what_is_kept_makes_no_difference(kinds: list[str], retained: bool) -> None:  # noqa: FBT001 (drawn)
    payloads = {"state": state(), "telemetry": telemetry(), "health": health(), "update/state": update()}
    porch = Porch()
    for kind in kinds:
        porch.say(kind, payloads[kind], retained=retained)
    row = porch.row
    assert (row.streams[0].label, row.model, row.groups) == ("cat", MODEL, ("porch",))
