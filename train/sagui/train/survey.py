"""Reads every photo of a dataset once, with several threads, and keeps what later steps need by content."""

import hashlib
import io
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from sagui.bundle.manifest import InputSpec
from sagui.infer.errors import PhotoError
from sagui.infer.preprocess import decode_photo, prepare
from sagui.progress import SILENT, Progress
from sagui.train.bursts import Taken
from sagui.train.datasets.port import Dataset
from sagui.train.look import RECORD, THUMBNAIL, Looks, read_taken, record, thumbnail
from sagui.train.store import RecordStore

# Raised when hashes or thumbnails are computed in another way, so that old ones are not taken for new ones.
_LOOKS = "looks-1"
_MAX_THREADS = 8
_AHEAD = 4  # photos per thread that may wait to be written

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Fitted:
    """Where pixels are kept, by the SHA-256 of their files, as one kind of network takes them."""

    spec: InputSpec
    store: RecordStore

    @classmethod
    def within(cls, cache: Path, spec: InputSpec) -> "Fitted":
        """Opens the store for a kind of input."""
        folder = f"pixels-{spec.height}x{spec.width}x{spec.channels}-{spec.fit}-{spec.interpolation}"
        return cls(spec, RecordStore(cache / folder, (spec.height, spec.width, spec.channels), "uint8"))


@dataclass(frozen=True)
class Survey:
    """What is known after every photo was read.

    Attributes:
        keys: For each photo of the dataset, the SHA-256 of its file; None where it cannot be read.
        unreadable: Name and reason of those.
        records: What was seen of the others, by key.
        thumbnails: Small pictures of them, by key.
    """

    keys: tuple[str | None, ...]
    unreadable: dict[str, str]
    records: RecordStore
    thumbnails: RecordStore

    def looks(self, keys: list[str]) -> Looks:
        """What was seen of some photos, in their order."""
        rows = self.records.take(keys).reshape(-1, RECORD.itemsize)
        return Looks(keys, np.ascontiguousarray(rows).view(RECORD)[:, 0], self.thumbnails)


@dataclass(frozen=True)
class _Stores:
    records: RecordStore
    thumbnails: RecordStore
    fitted: Fitted | None

    def seen(self, key: str) -> bool:
        """Whether a photo was found whole and looked at before."""
        return key in self.records and key in self.thumbnails

    def complete(self, key: str) -> bool:
        """Whether its pixels are kept, or not asked for."""
        return self.fitted is None or key in self.fitted.store


@dataclass(frozen=True)
class _Seen:
    """A photo that can be read, and what was not known of it; or why it cannot be read."""

    key: str | None = None
    reason: str = ""
    pixels: npt.NDArray[np.uint8] | None = None
    thumbnail: npt.NDArray[np.uint8] | None = None
    record: npt.NDArray[np.uint8] | None = None


def survey(dataset: Dataset, fitted: Fitted | None, cache: Path, progress: Progress = SILENT) -> Survey:
    """Reads every photo once.

    Each file is read and hashed every time, so that a changed file is never taken for the one it was; it is decoded
    only if its content was not seen before.

    Args:
        dataset: The photos.
        fitted: Where their pixels are kept as a network takes them; with None, no pixels are.
        cache: What was seen of photos before comes from here.
        progress: Told of each photo.

    Raises:
        TrainError: The cache cannot be written.
    """
    records = RecordStore(cache / _LOOKS, (RECORD.itemsize,), "uint8")
    thumbnails = RecordStore(cache / f"{_LOOKS}-thumbnails", THUMBNAIL, "uint8")
    stores = _Stores(records, thumbnails, fitted)
    keys: list[str | None] = []
    unreadable: dict[str, str] = {}
    with ExitStack() as stack:
        advance = stack.enter_context(progress.task("Look at the photos", len(dataset.photos)))
        stack.enter_context(warnings.catch_warnings())
        # A person can do nothing about odd EXIF data; photos that cannot be read are named all the same.
        warnings.filterwarnings("ignore", module=r"PIL\b")
        write = _Writer(stores, stack)
        pool = stack.enter_context(ThreadPoolExecutor(_threads()))
        paths = (dataset.path(photo) for photo in dataset.photos)
        seen_photos = _in_order(pool, lambda path: _see(path, stores), paths)
        for photo, seen in zip(dataset.photos, seen_photos, strict=True):
            keys.append(seen.key)
            if seen.key is None:
                unreadable[photo.name] = seen.reason
            else:
                write(seen.key, seen)
            advance()
    return Survey(tuple(keys), unreadable, records, thumbnails)


class _Writer:
    """Adds what was seen of a photo to the stores, the record last: a photo that has one has all."""

    def __init__(self, stores: _Stores, stack: ExitStack) -> None:
        self._records = stack.enter_context(stores.records.writing())
        self._thumbnails = stack.enter_context(stores.thumbnails.writing())
        self._pixels = stack.enter_context(stores.fitted.store.writing()) if stores.fitted else None

    def __call__(self, key: str, seen: _Seen) -> None:
        if self._pixels is not None and seen.pixels is not None:
            self._pixels.add([key], seen.pixels[np.newaxis])
        if seen.thumbnail is not None:
            self._thumbnails.add([key], seen.thumbnail[np.newaxis])
        if seen.record is not None:
            self._records.add([key], seen.record[np.newaxis])


def _threads() -> int:
    return max(2, min(_MAX_THREADS, os.cpu_count() or 1))


def _in_order(
    pool: ThreadPoolExecutor, function: Callable[[_Item], _Result], items: Iterable[_Item]
) -> Iterator[_Result]:
    """Maps with threads, keeps the order, and never holds more than a few results that nobody took yet."""
    waiting: deque[Future[_Result]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) >= _AHEAD * _threads():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _see(path: Path, stores: _Stores) -> _Seen:
    try:
        content = _content(path)
        key = hashlib.sha256(content).hexdigest()
        seen, complete = stores.seen(key), stores.complete(key)
        if seen and complete:
            return _Seen(key)
        photo = decode_photo(content)
        pixels = None if complete or stores.fitted is None else prepare(photo, stores.fitted.spec)
        if seen:
            return _Seen(key, pixels=pixels)
        taken = _checked(content)
    except PhotoError as error:
        return _Seen(reason=str(error))
    small = thumbnail(photo)
    return _Seen(key, pixels=pixels, thumbnail=small, record=record(photo, small, taken).view(np.uint8))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"cannot be read: {error.strerror}") from error


def _checked(content: bytes) -> Taken | None:
    """Reads the whole photo a second time, for what OpenCV does not tell.

    OpenCV fills the missing part of a truncated photo with grey and says nothing; Pillow refuses it.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return read_taken(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PhotoError(f"damaged: {error}") from error
