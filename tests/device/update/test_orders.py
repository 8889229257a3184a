"""Orders and plans, as anyone may publish them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.commands import LONGEST_BYTES, Ignored
from sagui.device.update.orders import LONGEST_PLAN_BYTES, parse_order, parse_plan
from sagui.wire import Desired, UpdateOrder, encode, timestamp

PLAN = Desired(
    id="a",
    revision=1,
    operator="me@desk",
    time=timestamp(0),
    model="toy",
    version="1.1.0",
    status="running",
    share=0.5,
    wave=0,
    waves=tuple(number / 100 for number in range(1, 101)),
    since=timestamp(0),
    success=0.95,
    error=0.05,
    dwell_s=600,
    timeout_s=1800,
    reason="x" * 1000,
)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"install", UpdateOrder(order="install")),
        (b" revert\n", UpdateOrder(order="revert")),
        (b'{"order": "install", "version": "1.2.3"}', UpdateOrder(order="install", version="1.2.3")),
        (b'{"v": 1, "order": "revert", "id": "7", "new": []}', UpdateOrder(order="revert", id="7")),
    ],
)
def test_an_order_is_a_word_or_an_object(payload: bytes, expected: UpdateOrder) -> None:
    assert parse_order(payload, retained=False) == expected


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"INSTALL", "unknown"),
        (b'{"order": "explode"}', "unknown"),
        (b'{"order": "install", "version": "latest"}', "unknown"),
        (b'{"order": "install", "version": "1.2.3\\n"}', "unknown"),
        (b'{"v": 2, "order": "install"}', "unknown"),
        (b"[" * 1000, "unknown"),
        (b"x" * (LONGEST_BYTES + 1), "long"),
    ],
)
def test_what_is_no_order_is_told_in_one_line(payload: bytes, reason: str) -> None:
    found = parse_order(payload, retained=False)
    assert isinstance(found, Ignored)
    assert found.reason == reason
    assert found.text.isascii()
    assert found.text.isprintable()


@given(st.binary(max_size=2000))
def test_what_the_broker_kept_is_never_an_order(payload: bytes) -> None:
    found = parse_order(payload, retained=True)
    assert isinstance(found, Ignored)
    assert found.reason == "retained"


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_payload_gets_an_answer(payload: bytes) -> None:
    assert isinstance(parse_order(payload, retained=False), UpdateOrder | Ignored)
    assert isinstance(parse_plan(payload), Desired | Ignored | None)


def test_a_plan_is_read_the_longest_too() -> None:
    assert len(encode(PLAN)) < LONGEST_PLAN_BYTES
    assert parse_plan(encode(PLAN)) == PLAN


def test_an_empty_plan_is_none_and_a_broken_one_is_ignored() -> None:
    assert parse_plan(b"") is None
    for payload in (b"{}", b"\xff", b" ", encode(PLAN)[:-1], b"[" * 5000, encode(PLAN).replace(b"toy", b"../toy")):
        found = parse_plan(payload)
        assert isinstance(found, Ignored)
        assert found.reason == "unknown"
    assert isinstance(parse_plan(b" " * (LONGEST_PLAN_BYTES + 1)), Ignored)
