"""The last words."""

from dataclasses import dataclass

import pytest
from tests.device.said import Said

from sagui.device.ending import Ending, in_words
from sagui.device.errors import CameraError, DeviceError
from sagui.device.farewell import say_stopped, undelivered
from sagui.device.outbox import MemoryOutbox, Outbox
from sagui.device.telemetry.measure import Measured


class OnDisk(MemoryOutbox):
    durable = True


@dataclass
class Numbers:
    """What a link tells at its end."""

    outbox: Outbox
    published: int = 9
    acknowledged: int = 9
    waiting: int = 0
    dropped: int = 0


MEASURED = Measured(60.0, 9, 0, (10.0, 20.1234, 30.0), 1.0)


def test_when_all_arrived_that_is_all() -> None:
    said = Said()
    say_stopped(Numbers(OnDisk(said)), MEASURED, said)
    assert said.texts == ["stopped after 9 frames; the broker acknowledged 9 results"]
    assert said.fields[0]["latency_ms"] == {"p50": 10.0, "p95": 20.123}


def test_what_waits_and_what_is_lost_is_told_apart() -> None:
    said = Said()
    say_stopped(Numbers(OnDisk(said), waiting=2, dropped=3), MEASURED, said)
    say_stopped(Numbers(MemoryOutbox(said), waiting=2), MEASURED, said)
    assert said.texts[0].endswith("5 were not delivered; 2 wait on disk for the next start")
    assert said.texts[1].endswith("2 were not delivered")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (Numbers(OnDisk(Said()), waiting=2), "within 10 s of the end; 2 wait on disk for the next start"),
        (Numbers(MemoryOutbox(Said()), waiting=2), "within 10 s of the end; 2 were in memory, and are lost"),
        (Numbers(OnDisk(Said()), dropped=3), "3 results were given up"),
    ],
)
def test_the_error_says_what_became_of_the_results(link: Numbers, words: str) -> None:
    assert words in str(undelivered(link, "mqtt://broker:1883", 10.0))


def test_results_that_were_dropped_long_ago_are_not_blamed_on_the_end() -> None:
    assert "within" not in str(undelivered(Numbers(OnDisk(Said()), dropped=3), "mqtt://broker:1883", 10.0))


def test_the_first_reason_to_end_counts() -> None:
    ending = Ending()
    ending.fail(DeviceError("one"))
    ending.fail(DeviceError("two"))
    assert ending.is_set()
    assert str(ending.error) == "one"


def test_errors_become_one_short_line_without_passwords() -> None:
    assert in_words(CameraError("camera: rtsp://me:s3cret@pole/live\ngone")) == "camera: rtsp://***@pole/live gone"
    assert in_words(ZeroDivisionError("division by zero")) == "ZeroDivisionError: division by zero"
