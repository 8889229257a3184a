"""What waits between the broker's thread and ours."""

import threading

import pytest

from sagui.deploy.monitor.feed import Away, Happening, Heard
from sagui.deploy.monitor.waiting import Waiting
from sagui.deploy.rollout.errors import BrokerError


def said(size_bytes: int = 1) -> Heard:
    return Heard("sagui/porch/state", b"x" * size_bytes, 0.0)


def test_all_comes_in_its_order() -> None:
    waiting = Waiting()
    happened: list[Happening] = [said(1), Away("gone"), said(2)]
    for one in happened:
        waiting.put(one)
    assert waiting.take(0) == happened
    assert waiting.take(0) == []


def test_there_is_room_for_so_many_messages_and_so_many_bytes() -> None:
    waiting = Waiting(messages=3)
    for _ in range(5):
        waiting.put(said())
    assert (len(waiting.take(0)), waiting.lost) == (3, 2)
    waiting = Waiting(payload_bytes=100)
    for size in (60, 60, 30):
        waiting.put(said(size))
    assert [len(one.payload) for one in waiting.take(0) if isinstance(one, Heard)] == [60, 30]
    waiting.put(said(1000))
    assert len(waiting.take(0)) == 1, "a single one that is longer is heard"


def test_how_the_connection_is_has_always_room() -> None:
    waiting = Waiting(messages=1)
    waiting.put(said())
    waiting.put(Away("gone"))
    assert waiting.take(0)[-1] == Away("gone")


def test_what_ends_all_is_raised() -> None:
    waiting = Waiting()
    waiting.put(BrokerError("no"))
    with pytest.raises(BrokerError, match="no"):
        waiting.take(0)


def test_who_waits_is_woken() -> None:
    waiting = Waiting()
    threading.Timer(0.05, waiting.put, [said()]).start()
    assert waiting.take(20) == [said()]
