"""Reads the archives of CIFAR-10, in the form for Python or the binary one.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; both forms are described on
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from sagui.train.datasets.batch_pickle import read_batch
from sagui.train.datasets.pictures import Pictures, PublishedSets, read_gzip

TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILE = "test_batch"

_SIDE = 32
_VALUES = 3 * _SIDE * _SIDE


def read_cifar10(path: Path) -> PublishedSets:
    """Reads ``cifar-10-python.tar.gz`` or ``cifar-10-binary.tar.gz``.

    Args:
        path: The archive, whatever it is called.

    Raises:
        ValueError: It is no such archive, or it holds what it should not.
        OSError: It cannot be read.
    """
    batches = dict(_batches(path))
    missing = [name for name in (*TRAIN_FILES, TEST_FILE) if name not in batches]
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}")
    train = [batches[name] for name in TRAIN_FILES]
    images = np.concatenate([batch.images for batch in train])
    return PublishedSets(Pictures(images, np.concatenate([batch.labels for batch in train])), batches[TEST_FILE])


def _batches(path: Path) -> Iterator[tuple[str, Pictures]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(read_gzip(path)), mode="r:") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                batch = archive.extractfile(member) if member.isreg() else None
                if batch is not None and name.stem in {*TRAIN_FILES, TEST_FILE}:
                    content = batch.read()
                    yield name.stem, _binary(content) if name.suffix == ".bin" else _pickled(content, str(name))
    except tarfile.TarError as error:
        raise ValueError(f"not a whole tar archive: {error}") from error


def _binary(content: bytes) -> Pictures:
    """Records of one byte for the label and 3,072 for the photo: red, green, blue, each row by row."""
    if len(content) % (1 + _VALUES):
        raise ValueError(f"{len(content)} bytes are not a whole number of photos")
    records = np.frombuffer(content, np.uint8).reshape(-1, 1 + _VALUES)
    return _pictures(records[:, 1:], records[:, 0])


def _pickled(content: bytes, name: str) -> Pictures:
    try:
        values, labels = read_batch(content)
        return _pictures(values.reshape(-1, _VALUES), labels)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _pictures(values: npt.NDArray[np.uint8], labels: npt.NDArray[Any]) -> Pictures:
    images = values.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels {labels.shape} for {len(images)} photos")
    return Pictures(np.ascontiguousarray(images), labels)
