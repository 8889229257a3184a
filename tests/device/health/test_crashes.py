"""When crashes are too many: the rules."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.health.crashes import (
    CRASHES,
    SAFE_SECONDS,
    WINDOW_S,
    WORDLESS,
    Moment,
    Record,
    ended,
    forgiven,
    judge,
    noted,
    shorten,
    started,
)

NOON = Moment("boot-a", 5000.0, 1_790_000_000.0)
YEARS_S = 10 * 365 * 86400.0


def later(moment: Moment, seconds: float, clock_jumps_s: float = 0.0) -> Moment:
    return replace(moment, up_s=moment.up_s + seconds, time_s=moment.time_s + seconds + clock_jumps_s)


def crash(record: Record, moment: Moment, times: int, every_s: float, error: str = "") -> tuple[Record, Moment]:
    """Starts, and starts again without a stop between."""
    record = started(record, moment)
    for _ in range(times):
        if error:
            record = noted(record, error)
        moment = later(moment, every_s)
        record = started(record, moment)
    return record, moment


def test_five_crashes_in_ten_minutes_are_too_many() -> None:
    record, moment = crash(Record(), NOON, CRASHES - 1, 30)
    assert judge(record) is None
    safe = judge(started(record, later(moment, 30)))
    assert safe is not None
    assert (safe.crashes, safe.why, safe.seconds) == (5, (WORDLESS,), SAFE_SECONDS)
    assert str(safe).startswith("safe mode for 10 minutes after 5 crashes within 10 minutes: it ended without a word")
    assert str(safe).endswith("; it ends sooner when the agent is stopped and started again")


def test_crashes_that_are_far_apart_are_not() -> None:
    record, _ = crash(Record(), NOON, 50, WINDOW_S / (CRASHES - 1) + 1)
    assert judge(record) is None


def test_a_clean_stop_is_no_crash() -> None:
    record, moment = Record(), NOON
    for _ in range(20):
        record = ended(started(record, moment), safe=False)
        moment = later(moment, 5)
    assert started(record, moment).crashes == ()


def test_a_clean_stop_keeps_the_crashes_before_it() -> None:
    record, moment = crash(Record(), NOON, CRASHES - 1, 10)
    record = started(ended(record, safe=False), later(moment, 10))
    assert judge(record) is None
    assert judge(started(record, later(moment, 20))) is not None


def test_a_clean_stop_in_safe_mode_forgets_them() -> None:
    record, moment = crash(Record(), NOON, CRASHES, 10)
    assert judge(record)
    assert started(ended(record, safe=True), later(moment, 10)).crashes == ()


def test_when_safe_mode_is_over_crashes_are_counted_anew() -> None:
    record, moment = crash(Record(), NOON, CRASHES, 10)
    record = forgiven(record)
    assert judge(record) is None
    assert len(started(record, later(moment, 1)).crashes) == 1, "the start itself goes on, and can crash"


@pytest.mark.parametrize("jump_s", [YEARS_S, -YEARS_S, 3600.0, -3600.0])
def test_a_clock_that_jumps_hides_no_crash(jump_s: float) -> None:
    record, moment = Record(), NOON
    for number in range(CRASHES + 1):
        record = started(record, moment)
        moment = later(moment, 20, clock_jumps_s=jump_s if number % 2 else -jump_s)
    assert judge(record)


@pytest.mark.parametrize("jump_s", [0.0, YEARS_S, -YEARS_S, -WINDOW_S])
@pytest.mark.parametrize("reboots", [False, True])
def test_a_clock_that_jumps_keeps_nobody_in_safe_mode(jump_s: float, reboots: bool) -> None:  # noqa: FBT001
    record, moment = crash(Record(), NOON, CRASHES, 10)
    moment = later(moment, WINDOW_S + 1, clock_jumps_s=jump_s)
    if reboots:
        moment = replace(moment, boot="boot-b", up_s=WINDOW_S + 1)
    assert judge(started(ended(record, safe=False), moment)) is None


@pytest.mark.parametrize("jump_s", [YEARS_S, -YEARS_S])
def test_crashes_of_another_boot_and_another_year_are_forgotten(jump_s: float) -> None:
    record, moment = crash(Record(), NOON, CRASHES, 10)
    rebooted = replace(later(moment, 60, clock_jumps_s=jump_s), boot="boot-b", up_s=20.0)
    assert len(started(record, rebooted).crashes) == 1, "the one that was found just now"


def test_a_system_that_reboots_with_each_crash_enters_safe_mode() -> None:
    record = Record()
    for number in range(CRASHES + 1):
        record = started(record, Moment(f"boot-{number}", 25.0, NOON.time_s + 60 * number))
    assert judge(record)


def test_a_device_that_loses_its_power_each_day_does_not() -> None:
    record = Record()
    for day in range(50):
        record = started(record, Moment(f"boot-{day}", 25.0, NOON.time_s + 86400 * day))
    assert judge(record) is None


def test_without_a_boot_id_the_clock_counts() -> None:
    record, _ = crash(Record(), replace(NOON, boot=None, up_s=50.0), CRASHES, 30)
    assert judge(record)
    record, _ = crash(Record(), replace(NOON, boot=None, up_s=50.0), CRASHES, 300)
    assert judge(record) is None


def test_why_is_said_newest_first_and_once() -> None:
    record, moment = crash(Record(), NOON, 2, 10, "camera: usb:0 is not there")
    record, _ = crash(ended(record, safe=False), moment, 4, 10, "stuck: the model has not come back for 30 s")
    safe = judge(record)
    assert safe
    assert safe.why == ("stuck: the model has not come back for 30 s", "camera: usb:0 is not there")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("rtsp://me:p@ss/w:rd@cam/live is gone", "rtsp://***@cam/live is gone"),
        ("mqtts://u:p@broker:8883 and http://a@b", "mqtts://***@broker:8883 and http://***@b"),
        ("password=hunter2 was refused", "password=*** was refused"),
        ("Token: abc", "Token: ***"),
        ("one\ntwo\x1b[31m\tthree", "one two [31m three"),
        ("no secret at all", "no secret at all"),
    ],
)
def test_secrets_and_controls_are_left_out(text: str, short: str) -> None:
    assert shorten(text) == short


@given(st.text())
def test_any_error_becomes_one_short_line(text: str) -> None:
    short = shorten(text)
    assert len(short) <= 200
    assert short.isprintable()
    assert shorten(short) == short


moments = st.builds(
    Moment,
    st.sampled_from([None, "a", "b"]),
    st.floats(0, 1e7),
    st.floats(-1e10, 1e10),
)


@given(st.lists(st.tuples(st.sampled_from(["start", "end", "note", "forgive"]), moments), max_size=40))
def test_whatever_happens_the_record_stays_small_and_readable(steps: list[tuple[str, Moment]]) -> None:
    record = Record()
    for step, moment in steps:
        if step == "start":
            record = started(record, moment)
        elif step == "end":
            record = ended(record, safe=False)
        elif step == "note":
            record = noted(record, "x" * 1000)
        else:
            record = forgiven(record)
        assert len(record.crashes) <= 2 * CRASHES
        assert (judge(record) is not None) == (len(record.crashes) >= CRASHES)
    content = msgspec.json.encode(record)
    assert len(content) < 1 << 16
    assert msgspec.json.decode(content, type=Record) == record


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12), st.integers(-(10**10), 10**10))
def test_within_one_boot_only_the_uptime_counts(gaps_s: list[float], clock_s: int) -> None:
    record, up_s, ups = Record(), 0.0, []
    for number, gap_s in enumerate(gaps_s):
        up_s += gap_s
        record = started(record, Moment("a", up_s, float(clock_s * (number % 3))))
        if number:
            ups.append(up_s)
    recent = [one for one in ups if up_s - one <= WINDOW_S]
    assert (judge(record) is not None) == (len(recent) >= CRASHES)
