"""When Ctrl-C may end the work."""

import os
import signal
import threading
import time

import pytest

from sagui.interrupt import Interrupt

SOON_S = 0.05
LATER_S = 1.0


def strike(number: signal.Signals = signal.SIGUSR1) -> None:
    os.kill(os.getpid(), number)


def test_it_ends_nothing_by_itself() -> None:
    with Interrupt().taking(signal.SIGUSR1) as interrupt:
        assert not interrupt.came()
        strike()
        assert interrupt.came()


def test_who_waits_is_woken() -> None:
    with Interrupt(patience_s=None).taking(signal.SIGUSR1) as interrupt:
        assert not interrupt.wait(0.01)
        threading.Timer(SOON_S, strike).start()
        assert interrupt.wait(60)
        assert interrupt.wait(60)


def test_where_nobody_looks_it_comes_the_hard_way() -> None:
    with Interrupt(SOON_S).taking(signal.SIGUSR1), pytest.raises(KeyboardInterrupt):  # noqa: PT012 (it comes anywhere)
        strike()
        time.sleep(60)


def test_who_has_looked_ends_undisturbed() -> None:
    with Interrupt(LATER_S).taking(signal.SIGUSR1) as interrupt:
        strike()
        assert interrupt.came()
        strike()
        time.sleep(1.5 * LATER_S)


def test_without_an_end_of_its_patience_it_never_comes_the_hard_way() -> None:
    with Interrupt(patience_s=None).taking(signal.SIGUSR1):
        strike()
        time.sleep(4 * SOON_S)


def test_what_is_sheltered_comes_to_its_end() -> None:
    done = []
    with Interrupt(SOON_S).taking(signal.SIGUSR1) as interrupt:
        with pytest.raises(KeyboardInterrupt), interrupt.shelter():  # noqa: PT012 (what comes after is the point)
            strike()
            time.sleep(4 * SOON_S)
            done.append("written")
        with interrupt.shelter():
            done.append("once")
    assert done == ["written", "once"]


def test_handlers_are_left_as_they_were_found() -> None:
    numbers = (signal.SIGUSR1, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with Interrupt(LATER_S).taking(signal.SIGUSR1):
        strike()
    assert [signal.getsignal(number) for number in numbers] == before
    time.sleep(1.5 * LATER_S)  # an alarm left behind would end this process


def test_a_terminal_that_closes_is_no_reason_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupt().taking(signal.SIGHUP) as interrupt:
            strike(signal.SIGHUP)
            assert not interrupt.came()
    finally:
        signal.signal(signal.SIGHUP, before)


class Unlucky(threading.Condition):
    """The signal comes just when a wait has given the lock back, and not yet begun to take it again."""

    def __init__(self) -> None:
        super().__init__()
        give_back = self._release_save  # type: ignore[has-type]

        def release() -> object:
            saved = give_back()
            strike()
            return saved

        self._release_save = release


def test_no_lock_is_broken_by_one_that_comes_amid_a_wait() -> None:
    news = Unlucky()
    with Interrupt().taking(signal.SIGUSR1) as interrupt:
        with news:
            news.wait(0.01)
        assert interrupt.came()
        signal.signal(signal.SIGUSR1, signal.default_int_handler)  # as Python does by itself
        with pytest.raises(RuntimeError, match="un-acquired"), news:
            news.wait(0.01)
