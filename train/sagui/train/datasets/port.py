"""What a dataset is, wherever its photos come from."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Photo:
    """A photo and what it shows.

    Attributes:
        name: Its path below the dataset's root, with forward slashes; unique in the dataset.
        label: The number of its class.
        stratum: Photos of one stratum are spread evenly over the split. The class alone, unless a dataset knows more.
    """

    name: str
    label: int
    stratum: str


@dataclass(frozen=True)
class Dataset:
    """Photos with their classes.

    Attributes:
        source: What the person asked for: ``elpv`` or a folder.
        title: What it is, for reports.
        root: The folder the names start from.
        labels: The classes, in the order of their numbers.
    """

    source: str
    title: str
    root: Path
    labels: tuple[str, ...]
    photos: tuple[Photo, ...]

    def path(self, photo: Photo) -> Path:
        """Where the photo lies."""
        return self.root / photo.name
