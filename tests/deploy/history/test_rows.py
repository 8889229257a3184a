from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.history.rows import AHEAD_MS, LONGEST_ID, LONGEST_TEXT, OLDEST_MS, placed, row_of
from sagui.wire import Frame, Latency, ModelRef, Result

CAME = 1_795_262_400_000


def result(**changes: object) -> Result:
    fields: dict[str, object] = {
        "id": "9f86d081884c-42",
        "time": "2026-11-21T11:59:59.250Z",
        "label": "cat",
        "score": 0.9,
        "top": (),
        "model": ModelRef(name="pets", version="1.0.0"),
        "frame": Frame(index=42),
        "latency_ms": Latency(preprocess=0.5, infer=4.0, total=4.5),
    }
    return Result(**(fields | changes))  # type: ignore[arg-type]


def test_a_row_holds_both_clocks() -> None:
    row = row_of("porch", result(stream="door"), CAME)
    assert row is not None
    assert (row.time_ms, row.received_ms, row.at_ms) == (CAME - 750, CAME, CAME - 750)
    assert (row.device, row.id, row.label, row.score) == ("porch", "9f86d081884c-42", "cat", 0.9)
    assert (row.model, row.version, row.stream, row.latency_ms) == ("pets", "1.0.0", "door", 4.5)


def test_a_date_that_is_none_is_no_time() -> None:
    row = row_of("porch", result(time="2026-02-31T25:00:00.000Z"), CAME)
    assert row is not None
    assert (row.time_ms, row.at_ms) == (None, CAME)


@given(st.integers(-(2**45), 2**45), st.integers(0, 2**42))
def test_a_result_is_never_placed_where_it_cannot_have_been(time_ms: int, received_ms: int) -> None:
    at_ms = placed(time_ms, received_ms)
    assert received_ms - OLDEST_MS <= at_ms <= received_ms + AHEAD_MS
    assert at_ms in {time_ms, received_ms}


def test_an_hour_in_the_outbox_is_no_wrong_clock() -> None:
    assert placed(CAME - 3_600_000, CAME) == CAME - 3_600_000


def test_ids_that_nobody_can_remember_are_left_out() -> None:
    assert row_of("porch", result(id=""), CAME) is None
    assert row_of("porch", result(id="x" * (LONGEST_ID + 1)), CAME) is None
    assert row_of("porch", result(id="x" * LONGEST_ID), CAME) is not None


@given(st.text(max_size=300))
def test_any_text_becomes_one_that_a_database_keeps(text: str) -> None:
    row = row_of("porch", result(label=text), CAME)
    assert row is not None
    assert "\0" not in row.label
    assert len(row.label) <= LONGEST_TEXT
    row.label.encode()


def test_half_a_surrogate_pair_is_replaced() -> None:
    row = row_of("porch", result(label="a\ud800b\0"), CAME)
    assert row is not None
    assert row.label == "a?b�"
