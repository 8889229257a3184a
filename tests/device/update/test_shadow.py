"""A new model beside the one at work, on the same frames."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.device.sightings import LABELS, Brightness, make_stream, see

from sagui.bundle.manifest import Decision
from sagui.device.cameras.geometry import Region
from sagui.device.errors import Cancelled, UpdateError
from sagui.device.observers import Sighting
from sagui.device.streams import Stream
from sagui.device.update.shadow import LIMIT_S, Rivals, Slot, run_beside
from sagui.device.update.shadow_rules import FEWEST, Comparison, Limits
from sagui.infer.errors import ModelError
from sagui.infer.load import LoadedModel


class Recording(Brightness):
    """Also keeps the means of what it was given."""

    def __init__(self) -> None:
        self.means: list[float] = []

    def invoke(self, frame: np.ndarray) -> np.ndarray:
        self.means.append(float(frame.mean()))
        return super().invoke(frame)


class Opposite(Brightness):
    """Calls dark what is bright."""

    def invoke(self, frame: np.ndarray) -> np.ndarray:
        return super().invoke(frame)[:, ::-1]


class Failing(Brightness):
    def invoke(self, frame: np.ndarray) -> np.ndarray:  # noqa: ARG002 (the port's signature)
        raise ModelError("the network failed")


def model(runtime: Any = None) -> LoadedModel:
    return replace(make_stream(runtime=runtime).model, version="2.0.0")


class Camera:
    """Gives a slot a frame whenever the comparison waits, in the comparison's own thread: nothing is left to chance."""

    def __init__(self, slot: Slot, stream: Stream, every_s: float = 0.04) -> None:
        self.slot, self.given = slot, 0
        self._stream, self._every_s = stream, every_s
        self._brightness = itertools.cycle([0.1, 0.9, 0.2, 0.8, 0.25])

    def look(self) -> Sighting:
        self.given += 1
        ticks = 100 + self.given * self._every_s
        sighting = see(self._stream, next(self._brightness), self.given, ticks=ticks)
        self.slot.saw(sighting)
        return sighting


def compare(
    new: LoadedModel, frames: int = 30, told: Callable[[int], None] = lambda _: None, **more: Any
) -> tuple[Comparison, Camera]:
    stream = make_stream(region=more.pop("region", None))
    slot = Slot(stream.model)
    camera = Camera(slot, stream)

    def is_ending(_seconds: float) -> bool:
        camera.look()
        return False

    return run_beside(Rivals(stream.model, new, **more), slot, frames, told, is_ending), camera


def test_the_same_model_passes_on_as_many_frames_as_are_wanted() -> None:
    percents: list[int] = []
    found, _ = compare(model(), told=percents.append)
    assert (found.frames, found.agreement) == (30, 1.0)
    assert percents[0] == 0
    assert percents[-1] == 100
    assert percents == sorted(percents)


def test_one_that_says_the_opposite_is_refused_with_its_version_and_the_count() -> None:
    with pytest.raises(UpdateError, match=r"^2\.0\.0 beside 1\.0\.0: it gives 100% of 30 frames another label"):
        compare(model(Opposite()))


def test_one_that_fails_on_a_frame_is_refused() -> None:
    with pytest.raises(UpdateError, match=r"2\.0\.0 fails on a frame of this camera: the network failed"):
        compare(model(Failing()))


def test_one_that_names_nothing_any_more_is_refused_for_that_though_its_labels_are_the_old_ones() -> None:
    strict = model()
    strict.classifier.decision = Decision(threshold=1.0)
    with pytest.raises(UpdateError, match=r"it gives 100% of the frames no name, the old model 0%"):
        compare(strict)


def test_who_knows_that_a_model_is_to_differ_has_it_pass() -> None:
    found, _ = compare(model(Opposite()), limits=Limits(disagreement=1.0))
    assert found.agreement == 0.0


def test_it_sees_the_part_of_the_picture_that_the_stream_looks_at() -> None:
    stream = make_stream(region=Region(0.5, 0, 0.5, 1))
    slot, new = Slot(stream.model), Recording()

    def is_ending(_seconds: float) -> bool:
        sighting = see(stream, 0.5)
        sighting.frame.photo[:, :4] = 0
        sighting.frame.photo[:, 4:] = 200
        slot.saw(sighting)
        return False

    run_beside(Rivals(stream.model, model(new)), slot, 5, lambda _: None, is_ending)
    assert new.means == [200.0] * 5


def test_an_end_of_the_agent_breaks_it_off() -> None:
    stream = make_stream()
    with pytest.raises(Cancelled):
        run_beside(Rivals(stream.model, model()), Slot(stream.model), 30, lambda _: None, lambda _: True)


@pytest.mark.parametrize(("given", "expected"), [(FEWEST, FEWEST), (FEWEST + 3, FEWEST + 3)])
def test_a_quiet_camera_is_waited_for_until_a_few_frames_came_and_no_longer(given: int, expected: int) -> None:
    stream = make_stream()
    slot = Slot(stream.model)
    camera = Camera(slot, stream)
    now = itertools.count()

    def is_ending(seconds: float) -> bool:
        if not seconds and camera.given < given:  # not while it rests: each frame is to be seen
            camera.look()
        return False

    def clock() -> float:
        return 0.0 if camera.given < given else LIMIT_S + next(now)

    found = run_beside(Rivals(stream.model, model()), slot, 1000, lambda _: None, is_ending, clock)
    assert FEWEST <= found.frames <= expected


def test_times_are_not_held_against_a_model_on_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = replace(make_stream().model, version="2.0.0")
    classify = slow.classifier.classify
    monkeypatch.setattr(
        slow.classifier,
        "classify",
        lambda photo: msgspec.structs.replace(classify(photo), infer_ms=500.0),
        raising=True,
    )
    with pytest.raises(UpdateError, match="too slow"):
        compare(slow)
    compare(slow, same_place=False)


def test_a_slot_keeps_the_newest_frame_of_its_model_alone() -> None:
    stream, other = make_stream(), make_stream("other")
    slot = Slot(stream.model)
    slot.saw(see(other, 0.5, 1))
    assert slot.take(0.0) is None
    for index in (2, 3, 4):
        slot.saw(see(stream, 0.5, index, ticks=float(index)))
    slot.saw(see(other, 0.5, 9))
    taken = slot.take(0.0)
    assert taken is not None
    assert taken.frame.index == 4
    assert slot.take(0.0) is None
    assert slot.interval_ms == 1000.0


def test_a_slot_is_for_two_threads() -> None:
    stream = make_stream()
    slot, seen = Slot(stream.model), list[int]()

    def take() -> None:
        while (sighting := slot.take(5.0)) is not None and sighting.frame.index < 2000:
            seen.append(sighting.frame.index)

    thread = threading.Thread(target=take)
    thread.start()
    for index in range(2001):
        slot.saw(see(stream, 0.5, index, ticks=float(index)))
    thread.join(10)
    assert not thread.is_alive(), "the last frame was lost"
    assert seen == sorted(set(seen))
    assert set(LABELS) == set(stream.model.classifier.labels)
