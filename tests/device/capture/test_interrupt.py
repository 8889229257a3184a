"""When Ctrl-C may end the taking of photos."""

import os
import signal

import pytest

from sagui.device.capture.interrupt import Interruption


@pytest.fixture
def interruption() -> Interruption:
    return Interruption()


def test_it_ends_the_work_at_once(interruption: Interruption) -> None:
    with pytest.raises(KeyboardInterrupt):
        interruption.arrive(signal.SIGINT, None)


def test_what_is_sheltered_comes_to_its_end(interruption: Interruption) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interruption.shelter():  # noqa: PT012 (what comes after is the point)
        interruption.arrive(signal.SIGINT, None)
        done.append("written")
    assert done == ["written"]


def test_without_a_signal_the_shelter_is_nothing(interruption: Interruption) -> None:
    with interruption.shelter():
        pass


def test_after_the_shelter_it_ends_the_work_at_once_again(interruption: Interruption) -> None:
    with interruption.shelter():
        pass
    with pytest.raises(KeyboardInterrupt):
        interruption.arrive(signal.SIGINT, None)


def test_a_real_signal_waits(interruption: Interruption) -> None:
    before = signal.signal(signal.SIGUSR1, interruption.arrive)
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), interruption.shelter():  # noqa: PT012 (likewise)
            os.kill(os.getpid(), signal.SIGUSR1)
            done.append("written")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert done == ["written"]
