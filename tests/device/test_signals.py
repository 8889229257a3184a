"""Signals, and what follows."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from sagui.device.signals import on_signals

# The main thread waits again and again, as an agent with a pace does, and signals come at any step of that.
_STORM = """
import os, signal, threading
from sagui.device.signals import on_signals

stop, count = threading.Event(), 0

def came():
    global count
    count += 1
    stop.set()

on_signals({signal.SIGUSR1: came})
print("ready", flush=True)
while count < 300:
    stop.wait(0)
    stop.clear()
os._exit(0)  # an interpreter that ends has no handlers any more
"""


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_each_signal_has_its_own_done_in_another_thread(eventually: Callable[..., bool]) -> None:
    done: list[tuple[str, bool]] = []

    def note(name: str) -> Callable[[], None]:
        return lambda: done.append((name, threading.current_thread() is threading.main_thread()))

    on_signals({signal.SIGUSR1: note("one"), signal.SIGUSR2: note("two")})
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1):
        os.kill(os.getpid(), number)
    assert eventually(lambda: len(done) == 3)
    assert done == [("one", False), ("two", False), ("one", False)]


def test_a_signal_in_the_middle_of_a_wait_blocks_nobody() -> None:
    process = subprocess.Popen([sys.executable, "-c", _STORM], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.0005)
    process.kill()
    assert process.wait() == 0, process.stderr and process.stderr.read()[-500:]
