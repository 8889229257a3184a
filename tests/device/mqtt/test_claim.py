"""Which of two agents with one name stays: the rules, without a broker."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.said import Said

from sagui.device.mqtt.claim import TIE_S, Answer, Pace, explain_yield, judge
from sagui.device.mqtt.connection import Received
from sagui.device.mqtt.inbox import LARGEST_BYTES, ROOM, Inbox
from sagui.device.mqtt.presence import CLAIM_EVERY_S, ONLINE_EVERY_S, RESTATE_AFTER_S, Presence
from sagui.wire import Claim, encode

UP_S = st.floats(0, 1e9)
DELAY_S = st.floats(0, 60)
BOOT = st.text("0123456789abcdef", min_size=1, max_size=12)
TOPIC = "sagui/porch/claim"


def claim(up_s: float, boot: str = "0a", host: str = "pi") -> Claim:
    return Claim(boot=boot, up_s=up_s, host=host)


@given(UP_S, UP_S, BOOT, BOOT)
def test_of_two_that_hear_each_other_at_once_one_stays(one_s: float, other_s: float, one: str, other: str) -> None:
    answers = {judge(claim(one_s, one), claim(other_s, other)), judge(claim(other_s, other), claim(one_s, one))}
    assert answers == ({Answer.NOTHING} if one == other else {Answer.INSIST, Answer.YIELD})


@given(UP_S, st.floats(0, 10), DELAY_S, DELAY_S, st.integers(0, 1))
def test_never_do_both_yield_however_long_claims_take(
    up_s: float, older_s: float, there_s: float, back_s: float, lesser: int
) -> None:
    boots = ("a", "b") if lesser else ("b", "a")
    old = judge(claim(up_s + older_s + there_s, boots[0]), claim(up_s, boots[1]))
    young = judge(claim(up_s + back_s, boots[1]), claim(up_s + older_s, boots[0]))
    assert (old, young) != (Answer.YIELD, Answer.YIELD)


@given(UP_S, st.floats(TIE_S + 0.5, 1e6), st.floats(0, 0.25), st.floats(0, 0.25))
def test_who_is_clearly_older_stays(up_s: float, older_s: float, there_s: float, back_s: float) -> None:
    assert judge(claim(up_s + older_s + there_s, "z"), claim(up_s, "a")) is Answer.INSIST
    assert judge(claim(up_s + back_s, "a"), claim(up_s + older_s, "z")) is Answer.YIELD


def test_the_reason_names_the_other_machine_and_steers_no_terminal() -> None:
    assert "already, on attic, up for 61 s" in explain_yield("porch", claim(61.2, host="attic"))
    text = explain_yield("porch", claim(1, host="\x1b[2Jx" * 1000))
    assert text.isprintable()
    assert len(text) < 200
    assert "an unnamed host" in explain_yield("porch", claim(1, host=""))


@given(st.lists(st.tuples(st.integers(0, 24), st.booleans()), max_size=60))
def test_a_pace_is_kept_and_the_last_wish_is_granted(steps: list[tuple[int, bool]]) -> None:
    pace, now_s, done_s = Pace(2), 0.0, list[float]()
    for step, wanted in steps:
        now_s += step / 8  # eighths of a second add up without rounding
        if wanted:
            pace.ask()
        if pace.take(now_s):
            done_s.append(now_s)
    assert all(later - earlier >= 2 for earlier, later in pairwise(done_s))
    last_wish = max((number for number, (_, wanted) in enumerate(steps) if wanted), default=None)
    if last_wish is not None:
        asked_s = sum(step for step, _ in steps[: last_wish + 1]) / 8
        assert pace.take(now_s + 2) or any(done >= asked_s for done in done_s)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    """An agent that has been up for a minute, and connected a while ago."""
    present = Presence("porch", "0a", clock)
    present.connected()
    assert present.claim_due()
    clock.now_s += 60
    return present


def test_a_younger_agent_is_answered_at_a_pace(presence: Presence, clock: Clock) -> None:
    said = 0
    for _ in range(1000):
        presence.hear_claim(TOPIC, encode(claim(1, "ff")), False)
        said += presence.claim_due()
        clock.now_s += 0.01
    assert 0 < said <= 10 / CLAIM_EVERY_S + 1
    assert presence.yielded is None
    assert presence.claim() == Claim(boot="0a", up_s=70, host=presence.claim().host)


def test_an_older_agent_is_yielded_to(presence: Presence) -> None:
    presence.hear_claim(TOPIC, encode(claim(3600, "ff", "attic")), False)
    assert presence.yielded is not None
    assert "attic" in presence.yielded
    assert not presence.claim_due()


def test_our_own_claim_is_nothing_to_us(presence: Presence) -> None:
    presence.hear_claim(TOPIC, encode(presence.claim()), False)
    assert not presence.claim_due()
    assert (presence.yielded, presence.ignored) == (None, 0)


def test_a_claim_that_the_broker_kept_stops_nobody(presence: Presence) -> None:
    presence.hear_claim(TOPIC, encode(claim(1e9, "ff")), True)
    assert (presence.yielded, presence.ignored) == (None, 1)


@given(
    st.binary(max_size=300) | st.text().map(str.encode) | st.dictionaries(st.text(), st.none()).map(msgspec.json.encode)
)
def test_a_claim_that_makes_no_sense_is_counted(payload: bytes) -> None:
    present = Presence("porch", "0a")
    present.hear_claim(TOPIC, payload, False)
    assert (present.yielded, present.ignored, present.claim_due()) == (None, 1, False)


@pytest.mark.parametrize(
    "payload", [b'{"v":2,"boot":"b","up_s":9e9,"host":"x"}', b'{"v":1,"boot":"b","up_s":-1,"host":"x"}', b"[" * 60_000]
)
def test_a_claim_of_another_kind_is_counted(presence: Presence, payload: bytes) -> None:
    presence.hear_claim(TOPIC, payload, False)
    assert (presence.yielded, presence.ignored) == (None, 1)


def test_a_late_last_will_is_answered_at_a_pace(presence: Presence, clock: Clock) -> None:
    presence.hear_availability("", b"offline", False)
    assert not presence.online_due(), "nothing was said yet: the device is not ready"
    presence.said_online()
    said = 0
    for _ in range(1000):
        presence.hear_availability("", b"offline", False)
        said += presence.online_due()
        clock.now_s += 0.01
    assert 0 < said <= 10 / ONLINE_EVERY_S + 1
    clock.now_s += ONLINE_EVERY_S
    assert presence.online_due(), "the last one is answered too"
    assert not presence.online_due()


@pytest.mark.parametrize(("payload", "retained"), [(b"online", False), (b"offline", True), (b"nonsense", False)])
def test_other_words_on_availability_are_not_answered(presence: Presence, payload: bytes, *, retained: bool) -> None:
    presence.said_online()
    presence.hear_availability("", payload, retained)
    assert not presence.online_due()


def test_what_the_broker_keeps_is_said_again_after_another_spoke_for_us(presence: Presence, clock: Clock) -> None:
    assert not presence.restate_due()
    for _ in range(3):
        presence.hear_claim(TOPIC, encode(claim(1, "ff")), False)
        clock.now_s += 0.1
    assert not presence.restate_due()
    clock.now_s += RESTATE_AFTER_S
    assert presence.restate_due()
    assert not presence.restate_due()


def message(topic: str, payload: bytes = b"", *, retained: bool = False) -> Received:
    return Received(topic, payload, retained)


def test_a_flood_is_bounded_and_counted() -> None:
    inbox = Inbox(Said())
    for number in range(ROOM + 50):
        inbox.put(message("t", b"%d" % number))
    inbox.put(message("t", bytes(LARGEST_BYTES + 1)))
    assert (len(inbox), inbox.overflowed, inbox.oversized) == (ROOM, 50, 1)
    assert [taken.payload for taken in inbox.take(2)] == [b"0", b"1"]
    assert len(inbox.take(ROOM)) == ROOM - 2
    assert inbox.take(1) == []
    inbox.put(message("t", bytes(LARGEST_BYTES)))
    assert len(inbox) == 1


def test_each_who_wants_to_hear_does_and_one_that_fails_stops_nobody() -> None:
    said, heard = Said(), list[tuple[str, bytes, bool]]()
    inbox = Inbox(said)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    inbox.subscribe("a/+", fail)
    inbox.subscribe("a/b", lambda *what: heard.append(what))
    inbox.subscribe("a/b", lambda *what: heard.append(what))
    assert inbox.topics == ["a/+", "a/b"]
    for _ in range(3):
        inbox.hand_on(message("a/b", b"x", retained=True))
    inbox.hand_on(message("a/c"))
    inbox.hand_on(message("other"))
    assert heard == [("a/b", b"x", True)] * 6
    assert inbox.failed == 4
    assert said.events == ["warning"]
    assert "ZeroDivisionError" in said.texts[0]
