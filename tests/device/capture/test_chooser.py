"""Which frames become photos."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras import Frame
from sagui.device.capture.chooser import Choice, Chooser
from sagui.device.capture.similar import Thumbnail


def frame(at_s: float | None = None, captured_s: float = 0.0, source: str | None = None) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), 0, source, captured_s, at_s)


def look(seed: int) -> Thumbnail:
    return np.random.default_rng(seed).integers(0, 255, (32, 32), np.uint8)


def chooser(every_s: float) -> Chooser:
    made = Chooser(every_s)
    made.begin("cat", [])
    return made


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.5, 20))
def test_photos_are_as_far_apart_as_was_asked(times: list[float], every_s: float) -> None:
    choose, kept = chooser(every_s), []
    for number, at in enumerate(sorted(times)):
        if choose.choose(frame(at), look(number), "cat") is Choice.KEEP:
            choose.keep(frame(at), look(number), "cat")
            kept.append(at)
    assert kept[0] == min(times)
    assert all(later - earlier >= every_s - 0.01 for earlier, later in itertools.pairwise(kept))


def test_a_live_camera_has_its_own_time_and_a_folder_none() -> None:
    live, folder = chooser(5), chooser(5)
    live.keep(frame(captured_s=10), look(0), "cat")
    assert not live.is_due(frame(captured_s=14))
    assert live.is_due(frame(captured_s=15))
    folder.keep(frame(captured_s=10, source="a.jpg"), look(0), "cat")
    assert folder.is_due(frame(captured_s=10, source="b.jpg"))


def test_what_was_kept_is_not_kept_again_but_under_another_label() -> None:
    choose = chooser(0)
    choose.begin("dog", [])
    choose.keep(frame(1), look(1), "cat")
    assert choose.choose(frame(2), look(1), "cat") is Choice.ALIKE
    assert choose.choose(frame(2), look(1), "dog") is Choice.KEEP
    assert choose.choose(frame(2), look(2), "cat") is Choice.KEEP


def test_an_earlier_run_counts() -> None:
    choose = Chooser(0)
    choose.begin("cat", [look(1)])
    assert choose.choose(frame(0), look(1), "cat") is Choice.ALIKE
