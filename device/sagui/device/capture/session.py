"""From a camera to class folders: the loop of `sagui capture`."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from sagui.device.cameras import Camera, Frame
from sagui.device.capture.chooser import Choice, Chooser
from sagui.device.capture.exif import with_time
from sagui.device.capture.faults import fault
from sagui.device.capture.folder import ClassFolder, accept_label
from sagui.device.capture.jpeg import QUALITY, encode_jpeg
from sagui.device.capture.preview.port import Preview, Status
from sagui.device.capture.similar import thumbnail


@dataclass
class Tally:
    """What was kept.

    Attributes:
        kept: Photos by label.
        alike: Frames that were due and looked like one already kept.
        faulty: Photos that were kept though a warning was given.
    """

    kept: Counter[str] = field(default_factory=Counter)
    alike: int = 0
    faulty: int = 0

    @property
    def total(self) -> int:
        """Photos of all labels."""
        return self.kept.total()

    def __str__(self) -> str:
        kept = ", ".join(f"{count} of {label!r}" for label, count in sorted(self.kept.items()))
        photos = "1 photo" if self.total == 1 else f"{self.total} photos"
        text = f"kept {photos}{f' ({kept})' if kept else ''}; {self.alike} frames were too alike"
        return text + (f"; {self.faulty} photos are black or blurred" if self.faulty else "")


class Session:
    """Keeps frames as photos until the camera ends or there are enough."""

    def __init__(
        self,
        root: Path,
        label: str,
        chooser: Chooser,
        preview: Preview,
        *,
        quality: int = QUALITY,
        count: int | None = None,
        clock: Callable[[], float] = time.time,
        shelter: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Opens the folder of the label.

        Args:
            root: The dataset's folder.
            label: What the camera shows first; a preview may change it.
            chooser: Says which frames are kept.
            preview: Shows the frames, and is told of warnings.
            quality: Of the JPEGs, 1 to 100.
            count: Ends after so many photos; None does not.
            clock: Unix time, in seconds.
            shelter: Held while a photo is written.

        Raises:
            CaptureError: The label cannot be a folder, or the folder cannot be used.
        """
        self._root, self._chooser, self._preview = root, chooser, preview
        self._quality, self._count = quality, count
        self._clock, self._shelter = clock, shelter
        self._folders: dict[str, ClassFolder] = {}
        self._fault = ""
        self.tally = Tally()
        self._label = accept_label(root, label)
        self._open(self._label)

    def run(self, camera: Camera, stop: Callable[[], bool] = lambda: False) -> bool:
        """Takes photos.

        Args:
            camera: Where frames come from.
            stop: Whether a person has enough; looked at before each frame.

        Returns:
            Whether that was the end.

        Raises:
            CameraError: The camera stopped giving frames.
            CaptureError: A photo cannot be written.
        """
        while self._count is None or self.tally.total < self._count:
            if stop():
                return True
            frame = camera.read()
            if frame is None:
                break
            self._label = self._preview.label(self._label)
            choice = self._take(frame) if self._label else None
            self._preview.show(frame.photo, self._status(choice))
        return False

    def _take(self, frame: Frame) -> Choice:
        if not self._chooser.is_due(frame):
            return Choice.EARLY
        label = self._label
        self._open(label)
        small = thumbnail(frame.photo)
        choice = self._chooser.choose(frame, small, label)
        if choice is Choice.KEEP:
            self._save(frame, label)
            self._chooser.keep(frame, small, label)
        elif choice is Choice.ALIKE:
            self.tally.alike += 1
        return choice

    def _save(self, frame: Frame, label: str) -> None:
        taken = self._clock() - frame.age_ms() / 1000
        jpeg = with_time(encode_jpeg(frame.photo, self._quality), taken)
        with self._shelter():
            path = self._folders[label].save(jpeg, taken)
            self.tally.kept[label] += 1
        wrong = fault(frame.photo)
        self.tally.faulty += bool(wrong)
        if wrong and wrong != self._fault:  # said when it begins, not for each photo
            self._preview.say(f"warning: {path.name}: {wrong}")
        self._fault = wrong

    def _open(self, label: str) -> None:
        if label in self._folders:
            return
        self._folders[label] = folder = ClassFolder(self._root / label)
        self._chooser.begin(label, folder.newest())

    def _status(self, choice: Choice | None) -> Status:
        return Status(
            self._label, self.tally.kept[self._label], self.tally.total, self._count, self.tally.alike, choice
        )
