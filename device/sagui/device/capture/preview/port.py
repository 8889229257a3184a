"""What every preview can do."""

from dataclasses import dataclass
from typing import Protocol

from sagui.device.capture.chooser import Choice
from sagui.infer.preprocess import Photo


@dataclass(frozen=True)
class Status:
    """How it stands.

    Attributes:
        label: What is being taken; empty during a pause.
        kept: Photos of that label in this run.
        total: Photos of all labels.
        wanted: After so many it ends; None if it does not.
        alike: Frames that were too alike.
        choice: What became of the newest frame; None during a pause.
    """

    label: str
    kept: int
    total: int
    wanted: int | None
    alike: int
    choice: Choice | None

    def __str__(self) -> str:
        if not self.label:
            return f"paused; {self.total} kept, {self.alike} too alike"
        of = f" of {self.wanted}" if self.wanted is not None else ""
        mine = f" ({self.kept} of this label)" if self.kept != self.total else ""
        return f"{self.label}: {self.total}{of} kept{mine}, {self.alike} too alike"


class Preview(Protocol):
    """Shows frames. Called in one thread, but for `say`."""

    def show(self, photo: Photo, status: Status) -> None:
        """Shows a frame ``(height, width, 3)``, or passes it over if the last one is too recent."""

    def label(self, current: str) -> str:
        """Gives the label that is in force; empty is a pause."""

    def say(self, text: str) -> None:
        """Says one line; from any thread."""

    def close(self) -> None:
        """Leaves everything as it was found."""
