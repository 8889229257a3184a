"""The agent's own numbers."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.sightings import make_stream, see_all

from sagui.device.cameras import Frame
from sagui.device.telemetry.measure import NEWEST, Meter

PHOTO = np.zeros((2, 2, 3), np.uint8)


def frame(index: int) -> Frame:
    return Frame(PHOTO, index)


def test_before_the_first_frame_little_is_known() -> None:
    now = [100.0]
    meter = Meter(clock=lambda: now[0])
    now[0] = 103.0
    measured = meter.read()
    assert (measured.time_s, measured.frames, measured.dropped) == (3.0, 0, 0)
    assert measured.percentiles_ms is None
    assert measured.frame_age_ms is None


def test_sightings_are_measured() -> None:
    meter = Meter()
    for sighting in see_all(make_stream(), [0.1, 0.2, 0.9]):
        meter.saw(sighting)
    measured = meter.read()
    assert measured.frames == 3
    assert measured.percentiles_ms == (3.0, 3.0, 3.0)
    assert measured.frame_age_ms == 0.5, "3 ms in all, of which 0.5 went into the input and 2 into the network"


def test_a_frame_that_two_streams_look_at_counts_once() -> None:
    meter = Meter()
    for index in range(5):
        one = frame(index)
        meter.add(one, 10.0, 1.0)
        meter.add(one, 20.0, 11.0)
    assert meter.read().frames == 5
    assert meter.read().frame_age_ms == 1.0, "the second stream begins later, but the work on the frame does not"
    assert meter.read().percentiles_ms == (15.0, 20.0, 20.0)


def test_percentiles_are_of_the_newest() -> None:
    meter = Meter()
    for index in range(NEWEST):
        meter.add(frame(index), 1e6, 0.0)
    for index in range(NEWEST):
        meter.add(frame(index), float(index), 0.0)
    assert meter.read().percentiles_ms == pytest.approx((499.5, 949.05, 989.01))


@given(st.lists(st.integers(0, 5), max_size=30))
def test_gaps_are_frames_that_were_overtaken(gaps: list[int]) -> None:
    meter, index = Meter(), 0
    meter.add(frame(index), 1.0, 0.0)
    for gap in gaps:
        index += 1 + gap
        meter.add(frame(index), 1.0, 0.0)
    assert meter.read().dropped == sum(gaps)
    assert meter.read().frames == 1 + len(gaps)


def test_a_camera_that_begins_anew_dropped_nothing() -> None:
    meter = Meter()
    for index in (7, 8, 0, 1, 0):
        meter.add(frame(index), 1.0, 0.0)
    assert meter.read().dropped == 0
    assert meter.read().frames == 5


def test_where_a_trigger_chooses_gaps_mean_nothing() -> None:
    meter = Meter(gaps=False)
    for index in (0, 50, 100):
        meter.add(frame(index), 1.0, 0.0)
    assert meter.read().dropped == 0
    meter.gaps = True
    meter.add(frame(110), 1.0, 0.0)
    assert meter.read().dropped == 9


def test_it_is_read_while_it_counts() -> None:
    meter, go_on = Meter(), True

    def count() -> None:
        index = 0
        while go_on:
            meter.add(frame(index), 5.0, 1.0)
            index += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        for _ in range(300):
            measured = meter.read()
            assert measured.percentiles_ms in {None, (5.0, 5.0, 5.0)}
    finally:
        go_on = False
        thread.join()
