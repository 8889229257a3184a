"""Looks at every photo once before anything is learned from it: can it be read, is it there twice?"""

import hashlib
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sagui.bundle.manifest import InputSpec
from sagui.infer.errors import PhotoError
from sagui.infer.preprocess import decode_photo, prepare
from sagui.progress import SILENT, Progress
from sagui.train.datasets import Dataset, Photo
from sagui.train.errors import DatasetError
from sagui.train.store import RecordStore

MAX_UNREADABLE_SHARE = 0.05
_NAMED = 10


@dataclass(frozen=True)
class Audited:
    """What the audit leaves, and what it found.

    Attributes:
        photos: Those that can be used.
        keys: The SHA-256 of each one's file, in the same order.
        pixels: Their pixels, fitted to the network's input, by key.
        unreadable: Name and reason of each photo that was left out.
        duplicates: Names of photos left out because the same file is there under another name.
        contradictions: Names of photos left out because the same file is there under another class.
    """

    photos: tuple[Photo, ...]
    keys: tuple[str, ...]
    pixels: RecordStore
    unreadable: dict[str, str] = field(default_factory=dict)
    duplicates: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Names the photos and their classes by content, whatever their order."""
        lines = sorted(f"{key} {photo.label}" for key, photo in zip(self.keys, self.photos, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


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
    shape = (spec.height, spec.width, spec.channels)
    folder = f"pixels-{spec.height}x{spec.width}x{spec.channels}-{spec.fit}-{spec.interpolation}"
    store = RecordStore(cache / folder, shape, "uint8")
    keys: dict[Photo, str] = {}
    unreadable: dict[str, str] = {}
    with progress.task("Look at the photos", len(dataset.photos)) as advance, store.writing() as writer:
        for photo in dataset.photos:
            try:
                content = _content(dataset.path(photo))
                key = hashlib.sha256(content).hexdigest()
                if key not in store:
                    writer.add([key], _pixels(content, spec)[np.newaxis])
                keys[photo] = key
            except PhotoError as error:
                unreadable[photo.name] = str(error)
            advance()
    _check_unreadable(dataset, unreadable)
    kept, duplicates, contradictions = _without_copies(keys)
    photos = tuple(kept)
    return Audited(photos, tuple(keys[photo] for photo in photos), store, unreadable, duplicates, contradictions)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"cannot be read: {error.strerror}") from error


def _pixels(content: bytes, spec: InputSpec) -> npt.NDArray[np.uint8]:
    pixels = prepare(decode_photo(content), spec)
    try:
        # OpenCV fills the missing part of a truncated photo with grey and says nothing; Pillow refuses it.
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PhotoError(f"damaged: {error}") from error
    return pixels


def _check_unreadable(dataset: Dataset, unreadable: dict[str, str]) -> None:
    if len(unreadable) <= MAX_UNREADABLE_SHARE * len(dataset.photos):
        return
    named = "; ".join(f"{name}: {reason}" for name, reason in list(unreadable.items())[:_NAMED])
    more = f"; and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
    raise DatasetError(
        f"{dataset.root}: {len(unreadable)} of {len(dataset.photos)} photos cannot be read, more than "
        f"{MAX_UNREADABLE_SHARE:.0%}: {named}{more}; remove or replace them"
    )


def _without_copies(keys: dict[Photo, str]) -> tuple[list[Photo], tuple[str, ...], tuple[str, ...]]:
    """Keeps the first of equal files of one class, and none of equal files of several classes."""
    classes: dict[str, set[int]] = {}
    for photo, key in keys.items():
        classes.setdefault(key, set()).add(photo.label)
    seen: Counter[str] = Counter()
    kept, duplicates, contradictions = [], [], []
    for photo, key in keys.items():
        seen[key] += 1
        if len(classes[key]) > 1:
            contradictions.append(photo.name)
        elif seen[key] > 1:
            duplicates.append(photo.name)
        else:
            kept.append(photo)
    return kept, tuple(duplicates), tuple(contradictions)
