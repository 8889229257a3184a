"""What a dataset is, wherever its photos come from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Part = Literal["train", "validation", "test"]
"""A set of the split."""

Task = Literal["single-label", "multi-label"]
"""Whether a photo has one label, or any number of them."""


@dataclass(frozen=True)
class Photo:
    """A photo and what it shows.

    Attributes:
        name: Its path below the dataset's root, with forward slashes; unique in the dataset.
        labels: The numbers of its classes: one, unless the task is multi-label, where it may also be none.
        stratum: Photos of one stratum are spread evenly over the split. The class alone, unless a dataset knows more.
        group: Photos of one group (a session, a camera) stay on one side of the split; empty is a group of its own.
        weight: How much it counts in the loss.
        part: The set a person put it into, if they did.
    """

    name: str
    labels: tuple[int, ...]
    stratum: str
    group: str = ""
    weight: float = 1.0
    part: Part | None = None

    @property
    def label(self) -> int:
        """The number of its class, where each photo has one."""
        (label,) = self.labels
        return label


@dataclass(frozen=True)
class Dataset:
    """Photos with their classes.

    Attributes:
        source: What the person asked for: ``elpv``, a folder, a table.
        title: What it is, for reports.
        root: The folder the names start from.
        labels: The classes, in the order of their numbers.
        notes: What was noticed while reading it, a sentence each.
        task: Whether its photos have one label each, or any number of them.
    """

    source: str
    title: str
    root: Path
    labels: tuple[str, ...]
    photos: tuple[Photo, ...]
    notes: tuple[str, ...] = ()
    task: Task = "single-label"

    def path(self, photo: Photo) -> Path:
        """Where the photo lies."""
        return self.root / photo.name

    def only(self, photos: tuple[Photo, ...]) -> "Dataset":
        """The same dataset with some of its photos."""
        return replace(self, photos=photos)
