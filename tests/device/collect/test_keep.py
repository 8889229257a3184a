"""Keeping frames without holding up the loop."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sagui.device.cameras.geometry import Region
from sagui.device.capture.errors import CaptureError
from sagui.device.collect.archive import Archive
from sagui.device.collect.keep import RETRY_SECONDS, Collector
from sagui.device.collect.rules import Limits
from sagui.infer.preprocess import read_photo

SURE, UNSURE = (("cat", 0.95), ("dog", 0.05)), (("cat", 0.52), ("dog", 0.48))
"""The best labels of two frames."""


class Said:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, event: str, text: str, **fields: object) -> None:  # noqa: ARG002 (the port's signature)
        assert event == "collect"
        self.texts.append(text)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def photo(seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)


def collector(folder: Path, said: Said, clock: Clock, every_s: float = 0.0) -> Collector:
    return Collector(folder, Limits(every_s=every_s), said, clock)


def photos(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jpg"))


def test_a_frame_it_is_sure_of_is_not_kept_and_the_disk_is_not_touched(
    tmp_path: Path, said: Said, clock: Clock
) -> None:
    keeping = collector(tmp_path / "kept", said, clock)
    for _ in range(100):
        keeping.consider(photo(), SURE, "cat", False, 0.0)
    keeping.close()
    assert not (tmp_path / "kept").exists()


def test_a_frame_it_is_unsure_of_is_kept(tmp_path: Path, said: Said, clock: Clock) -> None:
    keeping = collector(tmp_path, said, clock)
    keeping.consider(photo(), UNSURE, "cat", False, 0.0, model="toy 1.2.3", stream="door")
    keeping.close()
    assert len(photos(tmp_path / "cat")) == 1
    assert keeping.counts.kept == 1
    assert said.texts == []
    assert '"stream":"door"' in (tmp_path / "collected.jsonl").read_text()


def test_what_the_model_saw_is_kept_and_no_more(tmp_path: Path, said: Said, clock: Clock) -> None:
    keeping = collector(tmp_path, said, clock)
    keeping.consider(photo(), UNSURE, "cat", False, 0.0, region=Region(0.5, 0.5, 0.5, 0.5))
    keeping.close()
    assert read_photo(photos(tmp_path)[0]).shape == (24, 32, 3)


def test_a_state_that_changes_back_soon_is_kept_and_one_that_stood_is_not(
    tmp_path: Path, said: Said, clock: Clock
) -> None:
    keeping = collector(tmp_path, said, clock)
    for wait_s, stream in ((0, "a"), (60, "a"), (1, "b"), (60, "a"), (2, "a")):
        clock.now += wait_s
        keeping.consider(photo(), SURE, "cat", True, 0.0, stream=stream)
    keeping.close()
    assert keeping.counts.kept == 1
    assert '"flickered"' in (tmp_path / "collected.jsonl").read_text()


def test_no_more_than_one_in_so_many_seconds(tmp_path: Path, said: Said, clock: Clock) -> None:
    keeping = collector(tmp_path, said, clock, every_s=10)
    for number in range(10):
        keeping.consider(photo(number), UNSURE, "cat", False, 0.0)
        clock.now += 1
    keeping.close()
    assert (keeping.counts.kept, keeping.counts.early) == (1, 9)


def test_a_scene_that_stays_is_kept_once(
    tmp_path: Path, said: Said, clock: Clock, eventually: Callable[..., bool]
) -> None:
    keeping = collector(tmp_path, said, clock)
    keeping.consider(photo(), UNSURE, "cat", False, 0.0)
    assert eventually(lambda: keeping.counts.kept == 1)
    keeping.consider(photo(), UNSURE, "cat", False, 1.0)
    assert eventually(lambda: keeping.counts.alike == 1)
    keeping.close()
    assert len(photos(tmp_path)) == 1


def test_a_slow_disk_costs_frames_and_not_time(
    tmp_path: Path, said: Said, clock: Clock, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., bool]
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    keep = Archive.keep

    def slow(self: Archive, *arguments: object) -> bool:
        begun.set()
        assert go_on.wait(20)
        return keep(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Archive, "keep", slow)
    keeping = collector(tmp_path, said, clock)
    keeping.consider(photo(0), UNSURE, "cat", False, 0.0)
    assert begun.wait(20)
    for number in range(1, 10):  # would never come back, if it waited for the disk
        keeping.consider(photo(number), UNSURE, "cat", False, 0.0)
    assert keeping.counts.busy == 8
    go_on.set()
    keeping.close()
    assert len(photos(tmp_path)) == 2


def test_a_disk_that_fails_is_said_once_and_tried_again_later(
    tmp_path: Path, said: Said, clock: Clock, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., bool]
) -> None:
    keeping = collector(tmp_path, said, clock)

    def broken(*_: object) -> bool:
        raise CaptureError("kept: no space left")

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "keep", broken)
        keeping.consider(photo(0), UNSURE, "cat", False, 0.0)
        assert eventually(lambda: len(said.texts) == 1)
        assert said.texts == ["collect: collects nothing until it works again: kept: no space left"]
        keeping.consider(photo(1), UNSURE, "cat", False, 0.0)
        assert keeping.counts.failed == 2
        clock.now += RETRY_SECONDS
        keeping.consider(photo(2), UNSURE, "cat", False, 0.0)
        assert eventually(lambda: keeping.counts.failed == 3)
    assert len(said.texts) == 1
    clock.now += RETRY_SECONDS
    keeping.consider(photo(3), UNSURE, "cat", False, 0.0)
    keeping.close()
    assert said.texts[1:] == ["collect: collecting again"]
    assert len(photos(tmp_path)) == 1


def test_closing_writes_what_is_in_hand(tmp_path: Path, said: Said, clock: Clock) -> None:
    for number in range(5):
        keeping = collector(tmp_path, said, clock)
        keeping.consider(photo(number), UNSURE, "cat", False, 0.0)
        keeping.close()
        assert len(photos(tmp_path)) == number + 1
