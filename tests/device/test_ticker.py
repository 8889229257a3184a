"""Tasks beside the frames."""

import threading
from collections.abc import Callable

from tests.device.said import Said

from sagui.device.ticker import Task, Ticker


def test_tasks_come_again_and_again(eventually: Callable[..., bool]) -> None:
    done: list[str] = []
    ticker = Ticker([Task(0.02, lambda: done.append("a")), Task(3600, lambda: done.append("b"))], Said(), 0.005)
    ticker.start()
    assert eventually(lambda: done.count("a") >= 3)
    ticker.close()
    assert done.count("b") == 1
    count = len(done)
    threading.Event().wait(0.05)
    assert len(done) == count


def test_a_task_that_fails_is_told_once_and_stops_nothing(eventually: Callable[..., bool]) -> None:
    said, done = Said(), []

    def fail() -> None:
        raise OSError("no such sensor")

    ticker = Ticker([Task(0.01, fail), Task(0.01, lambda: done.append(1))], said, 0.005)
    ticker.start()
    assert eventually(lambda: len(done) >= 5)
    ticker.close()
    assert said.texts == ["a task in the background failed: OSError: no such sensor"]


def test_a_task_may_rest_and_be_woken(eventually: Callable[..., bool]) -> None:
    done: list[int] = []
    task = Task(0.0, lambda: done.append(1))
    ticker = Ticker([task], Said(), 0.005)
    ticker.start()
    threading.Event().wait(0.05)
    assert not done
    task.every_s = 0.01
    assert eventually(lambda: len(done) >= 2)
    ticker.close()


def test_a_shorter_period_holds_at_once(eventually: Callable[..., bool]) -> None:
    done: list[int] = []
    task = Task(3600.0, lambda: done.append(1))
    ticker = Ticker([task], Said(), 0.005)
    ticker.start()
    assert eventually(lambda: len(done) == 1)
    task.every_s = 0.01
    assert eventually(lambda: len(done) >= 3)
    ticker.close()


def test_closing_what_was_never_started_does_nothing() -> None:
    Ticker([], Said()).close()
