"""From a camera to class folders."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from sagui.device.cameras import Frame
from sagui.device.cameras.options import Options
from sagui.device.cameras.synthetic import SyntheticCamera
from sagui.device.capture.chooser import Chooser
from sagui.device.capture.errors import CaptureError
from sagui.device.capture.preview.port import Status
from sagui.device.capture.session import Session
from sagui.infer.preprocess import Photo, read_photo


class Watched:
    """Presses buttons at given frames, and remembers what was shown."""

    def __init__(self, presses: dict[int, str] | None = None) -> None:
        self.shown: list[Status] = []
        self.said: list[str] = []
        self._presses = presses or {}

    def show(self, photo: Photo, status: Status) -> None:  # noqa: ARG002 (the port's signature)
        self.shown.append(status)

    def label(self, current: str) -> str:
        return self._presses.get(len(self.shown), current)

    def say(self, text: str) -> None:
        self.said.append(text)

    def close(self) -> None:
        """Nothing to give back."""


class Photos:
    """A camera of given photos."""

    def __init__(self, *photos: Photo) -> None:
        self._photos = list(photos)

    def read(self) -> Frame | None:
        return Frame(self._photos.pop(0), 0, "photo") if self._photos else None

    def close(self) -> None:
        """Nothing to let go."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_who_has_enough_ends_it_between_two_frames(tmp_path: Path) -> None:
    grey = np.full((48, 64, 3), 90, np.uint8)
    camera = Photos(*(grey + np.uint8(40 * number) for number in range(4)))
    session = Session(tmp_path, "cat", Chooser(0, alike=0), Watched(), clock=lambda: 1000.0)
    looks = iter([False, False, True])
    assert session.run(camera, lambda: next(looks))
    assert len(camera._photos) == 2
    assert not session.run(camera)


def test_frames_become_photos_and_those_alike_are_counted(tmp_path: Path) -> None:
    preview = Watched()
    session = Session(tmp_path, "cat", Chooser(0), preview, clock=lambda: 1000.0)
    session.run(SyntheticCamera(options=Options(frames=60)))
    kept = names(tmp_path / "cat")
    assert 3 < len(kept) < 30
    assert session.tally.total == len(kept)
    assert session.tally.total + session.tally.alike == 60
    assert len(preview.shown) == 60
    assert read_photo(tmp_path / "cat" / kept[0]).shape == (240, 320, 3)


def test_a_second_run_keeps_nothing_that_the_first_kept(tmp_path: Path) -> None:
    for expected in (1, 0):
        session = Session(tmp_path, "cat", Chooser(0), Watched())
        session.run(SyntheticCamera(options=Options(frames=1)))
        assert session.tally.total == expected
    assert len(names(tmp_path / "cat")) == 1


def test_it_ends_when_there_are_enough(tmp_path: Path) -> None:
    session = Session(tmp_path, "cat", Chooser(0), Watched(), count=4)
    session.run(SyntheticCamera())
    assert len(names(tmp_path / "cat")) == 4


def test_a_button_changes_the_label_and_pauses(tmp_path: Path) -> None:
    preview = Watched({30: "", 60: "dog"})
    session = Session(tmp_path, "cat", Chooser(0), preview)
    session.run(SyntheticCamera(options=Options(frames=90)))
    assert names(tmp_path) == ["cat", "dog"]
    assert dict(session.tally.kept) == {label: len(names(tmp_path / label)) for label in ("cat", "dog")}
    assert {status.label for status in preview.shown[30:60]} == {""}
    assert {status.total for status in preview.shown[29:60]} == {session.tally.kept["cat"]}


def test_black_photos_are_warned_of_once_and_again_after_a_good_one(tmp_path: Path) -> None:
    black, rng = np.zeros((48, 64, 3), np.uint8), np.random.default_rng(2)
    good = rng.integers(0, 255, (48, 64, 3), np.uint8)
    preview = Watched()
    session = Session(tmp_path, "cat", Chooser(0, alike=1.01), preview)
    session.run(Photos(black, black, good, black))
    assert session.tally.faulty == 3
    assert len(preview.said) == 2
    assert "it is black" in preview.said[0]
    assert str(session.tally) == "kept 4 photos (4 of 'cat'); 0 frames were too alike; 3 photos are black or blurred"


def test_a_disk_that_fills_up_ends_it_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(tmp_path, "cat", Chooser(0), Watched())

    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CaptureError, match="No space left on device"):
        session.run(SyntheticCamera(options=Options(frames=5)))
    assert session.tally.total == 0


@pytest.mark.parametrize("label", ["../cat", "a/b", ".."])
def test_a_label_that_leaves_the_folder_is_refused_before_anything_is_made(tmp_path: Path, label: str) -> None:
    with pytest.raises(CaptureError):
        Session(tmp_path / "photos", label, Chooser(0), Watched())
    assert names(tmp_path) == []


def test_the_time_of_a_photo_is_that_of_the_frame(tmp_path: Path) -> None:
    class Late(Photos):
        def read(self) -> Frame | None:
            frame = super().read()
            return Frame(frame.photo, 0, captured_s=frame.captured_s - 10) if frame else None

    Session(tmp_path, "cat", Chooser(0), Watched(), clock=lambda: 100.0).run(Late(np.zeros((8, 8, 3), np.uint8)))
    assert "19700101T000100" < names(tmp_path / "cat")[0] < "19700101T000130.001"
