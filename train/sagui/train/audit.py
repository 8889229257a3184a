"""Looks at every photo before anything is learned from it: can it be read, is it there twice, is it large enough?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sagui.bundle.manifest import InputSpec
from sagui.progress import SILENT, Progress
from sagui.train.datasets.port import Dataset, Photo
from sagui.train.errors import DatasetError
from sagui.train.look import Looks
from sagui.train.store import RecordStore
from sagui.train.survey import Fitted, Survey, survey

MAX_UNREADABLE_SHARE = 0.05
TINY_PIXELS = 32
"""A photo whose shorter side is below this shows hardly anything."""
_NAMED = 10


@dataclass(frozen=True)
class Copies:
    """The same files under several names.

    Attributes:
        kept: Positions of photos that remain, in order.
        duplicates: Names of photos left out, each with the name of the one with the same file and labels that is kept.
        contradictions: For each file that is there under different labels, the names of its photos; none is kept.
    """

    kept: tuple[int, ...]
    duplicates: tuple[tuple[str, str], ...]
    contradictions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Audited:
    """What the audit leaves, and what it found.

    Attributes:
        photos: Those that can be used.
        keys: The SHA-256 of each one's file, in the same order.
        pixels: Their pixels, fitted to the network's input, by key.
        looks: What else was seen of them, in the same order.
        unreadable: Name and reason of each photo that was left out.
        duplicates: Names of photos left out because the same file is there under another name.
        contradictions: Names of photos left out because the same file is there under another label.
        tiny: Names of photos whose shorter side is under 32 pixels; they are kept.
        small: Names of photos whose shorter side is under half of the network's input; they are kept.
        half_input: That half, in pixels.
    """

    photos: tuple[Photo, ...]
    keys: tuple[str, ...]
    pixels: RecordStore
    looks: Looks
    unreadable: dict[str, str]
    duplicates: tuple[str, ...]
    contradictions: tuple[str, ...]
    tiny: tuple[str, ...]
    small: tuple[str, ...]
    half_input: int

    def fingerprint(self) -> str:
        """Names the photos and their labels by content, whatever their order."""
        lines = sorted(
            f"{key} {' '.join(map(str, photo.labels))}" for key, photo in zip(self.keys, self.photos, strict=True)
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def lines(self) -> list[str]:
        """What was found and what was done about it, a sentence each."""
        found = [f"left out {name}: {reason}" for name, reason in list(self.unreadable.items())[:_NAMED]]
        if len(self.unreadable) > _NAMED:
            found.append(f"left out {len(self.unreadable) - _NAMED} more photos that cannot be read")
        notes = (
            (self.duplicates, "left out, the same file is there under another name"),
            (self.contradictions, "left out, the same file is there under another label"),
            (self.tiny, f"kept, but tiny: a side under {TINY_PIXELS} pixels"),
            (self.small, f"kept, but small: a side under {self.half_input} pixels, half of the network's input"),
        )
        return found + [f"{_photos(names)} {what}: {_named(names)}" for names, what in notes if names]


def audit(dataset: Dataset, spec: InputSpec, cache: Path, progress: Progress = SILENT) -> Audited:
    """Reads every photo once, and keeps its pixels as the network will take them.

    Args:
        dataset: The photos.
        spec: What they are fitted to.
        cache: Pixels of photos seen before come from here.
        progress: Told of each photo.

    Raises:
        DatasetError: More than 5 % of the photos cannot be read.
    """
    fitted = Fitted.within(cache, spec)
    found = survey(dataset, fitted, cache, progress)
    _check_unreadable(dataset, found.unreadable)
    copies = without_copies(dataset.photos, found)
    photos = tuple(dataset.photos[at] for at in copies.kept)
    keys = [key for at in copies.kept if (key := found.keys[at])]
    looks = found.looks(keys)
    half_input = min(spec.height, spec.width) // 2
    return Audited(
        photos=photos,
        keys=tuple(keys),
        pixels=fitted.store,
        looks=looks,
        unreadable=found.unreadable,
        duplicates=tuple(name for name, _ in copies.duplicates),
        contradictions=tuple(name for names in copies.contradictions for name in names),
        tiny=names_below(photos, looks, TINY_PIXELS),
        small=names_below(photos, looks, half_input),
        half_input=half_input,
    )


def names_below(photos: Sequence[Photo], looks: Looks, pixels: int) -> tuple[str, ...]:
    """The names of photos whose shorter side is below so many pixels."""
    below = looks.sizes.min(axis=1) < pixels
    return tuple(photo.name for photo, small in zip(photos, below, strict=True) if small)


def without_copies(photos: Sequence[Photo], found: Survey) -> Copies:
    """Keeps the first of equal files with the same labels, and none of equal files with different labels."""
    same: dict[str, list[int]] = {}
    for position, key in enumerate(found.keys):
        if key is not None:
            same.setdefault(key, []).append(position)
    kept, duplicates, contradictions = [], [], []
    for positions in same.values():
        first, *others = positions
        if len({frozenset(photos[at].labels) for at in positions}) > 1:
            contradictions.append(tuple(photos[at].name for at in positions))
        else:
            kept.append(first)
            duplicates += [(photos[at].name, photos[first].name) for at in others]
    return Copies(tuple(kept), tuple(duplicates), tuple(contradictions))


def _check_unreadable(dataset: Dataset, unreadable: dict[str, str]) -> None:
    if len(unreadable) <= MAX_UNREADABLE_SHARE * len(dataset.photos):
        return
    named = "; ".join(f"{name}: {reason}" for name, reason in list(unreadable.items())[:_NAMED])
    more = f"; and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
    raise DatasetError(
        f"{dataset.root}: {len(unreadable)} of {len(dataset.photos)} photos cannot be read, more than "
        f"{MAX_UNREADABLE_SHARE:.0%}: {named}{more}; remove or replace them, or see them all with: "
        f"sagui data inspect {dataset.source}"
    )


def _photos(names: Sequence[str]) -> str:
    return f"{len(names)} photo{'s' if len(names) != 1 else ''}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
