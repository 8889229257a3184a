"""Photos as arrays, as the published datasets come, and the files of the MNIST family."""

import gzip
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_MAX_BYTES = 512 << 20
_UBYTE = 8
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError),
    # numpy parses the head of an array as Python's tokens, and some of their errors get through.
    *(tokenize.TokenError, SyntaxError, ArithmeticError, AttributeError, LookupError, MemoryError, TypeError),
)


@dataclass(frozen=True)
class Pictures:
    """Photos and their classes.

    Attributes:
        images: ``(photos, height, width)`` or, in RGB, ``(photos, height, width, 3)``; 0-255.
        labels: ``(photos,)``, the numbers of their classes.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[Any]

    def check(self, shape: tuple[int, ...], classes: int) -> None:
        """Makes sure that they are what they should be.

        Raises:
            ValueError: They are not.
        """
        if self.images.dtype != np.uint8 or self.images.shape[1:] != shape or not len(self.images):
            raise ValueError(
                f"photos {self.images.shape} of {self.images.dtype}, not (photos, {str(shape)[1:-1]}) of uint8"
            )
        if self.labels.shape != self.images.shape[:1] or self.labels.dtype.kind not in "iu":
            raise ValueError(f"labels {self.labels.shape} of {self.labels.dtype} for {len(self.images)} photos")
        if self.labels.min() < 0 or self.labels.max() >= classes:
            raise ValueError(f"labels from {self.labels.min()} to {self.labels.max()}, not 0 to {classes - 1}")


@dataclass(frozen=True)
class PublishedSets:
    """A dataset as it was published: photos to learn from, and photos to test on."""

    train: Pictures
    test: Pictures


def read_npz(path: Path) -> PublishedSets:
    """Reads a file such as ``mnist.npz``: arrays x_train, y_train, x_test and y_test; no pickles.

    Raises:
        ValueError: It is no such file.
        OSError: It cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
                raise ValueError(f"it holds more than {_MAX_BYTES >> 20} MiB")
        with np.load(path, allow_pickle=False) as arrays:
            x_train, y_train, x_test, y_test = (np.asarray(arrays[name]) for name in _NPZ_ARRAYS)
    except _DAMAGED as error:
        raise ValueError(f"not a whole .npz file: {error}") from error
    return PublishedSets(Pictures(x_train, y_train), Pictures(x_test, y_test))


def read_idx(folder: Path) -> PublishedSets:
    """Reads the four files that MNIST and Fashion-MNIST are published as (http://yann.lecun.com/exdb/mnist).

    Raises:
        ValueError: One is no such file.
        OSError: One is missing or cannot be read.
    """
    x_train, y_train, x_test, y_test = (_read_idx(folder / name) for name in IDX_FILES)
    return PublishedSets(Pictures(x_train, y_train), Pictures(x_test, y_test))


def read_gzip(path: Path) -> bytes:
    """What a .gz file holds, up to a limit: a few bytes can be blown up to any number.

    Raises:
        ValueError: It is no whole gzip file, or holds too much.
        OSError: It cannot be read.
    """
    try:
        with gzip.open(path) as file:
            content = file.read(_MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path.name} is not a whole gzip file: {error}") from error
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{path.name} holds more than {_MAX_BYTES >> 20} MiB")
    return content


def _read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """One array: two zero bytes, the type, the dimensions, their sizes as big-endian integers, and the values."""
    content = read_gzip(path)
    if content[:3] != bytes((0, 0, _UBYTE)) or len(content) < 4:  # noqa: PLR2004 (the magic number)
        raise ValueError(f"{path.name} does not start as an IDX file of bytes does")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    values = np.frombuffer(content, np.uint8, offset=min(start, len(content)))
    if len(shape) != dimensions or values.size != int(np.prod(shape, dtype=object)):
        raise ValueError(f"{path.name} has {values.size} values, not those of {shape}")
    return values.reshape(shape)
