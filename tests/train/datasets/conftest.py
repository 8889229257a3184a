"""Small copies of published datasets, in the formats they are published in."""

import gzip
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sagui.train.datasets.cifar import TEST_FILE, TRAIN_FILES
from sagui.train.datasets.pictures import IDX_FILES

Array = npt.NDArray[np.uint8]


class Copies:
    """Makes them."""

    @staticmethod
    def noise(count: int, *shape: int, seed: int = 0) -> Array:
        return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)

    @staticmethod
    def labels(count: int) -> Array:
        return (np.arange(count) % 10).astype(np.uint8)

    @staticmethod
    def idx(array: Array) -> bytes:
        """http://yann.lecun.com/exdb/mnist: zero, zero, type, dimensions, sizes, values."""
        head = bytes((0, 0, 8, array.ndim)) + b"".join(size.to_bytes(4, "big") for size in array.shape)
        return gzip.compress(head + array.tobytes())

    @staticmethod
    def idx_folder(folder: Path, train: int = 20, test: int = 10) -> Path:
        folder.mkdir(exist_ok=True)
        arrays = (
            Copies.noise(train, 28, 28),
            Copies.labels(train),
            Copies.noise(test, 28, 28, seed=1),
            Copies.labels(test),
        )
        for name, array in zip(IDX_FILES, arrays, strict=True):
            (folder / name).write_bytes(Copies.idx(array))
        return folder

    @staticmethod
    def npz(path: Path, **changed: object) -> Path:
        arrays: dict[str, Any] = {
            "x_train": Copies.noise(20, 28, 28),
            "y_train": Copies.labels(20),
            "x_test": Copies.noise(10, 28, 28, seed=1),
            "y_test": Copies.labels(10),
        }
        np.savez_compressed(path, **{**arrays, **changed})
        return path

    @staticmethod
    def python2_pickle(values: Array, batch_labels: Array) -> bytes:
        """As Python 2 writes them: protocol 2, and strings for text and for the array's bytes, each remembered."""

        def string(content: bytes) -> bytes:
            size = len(content)
            head = b"U" + bytes([size]) if size < 256 else b"T" + size.to_bytes(4, "little")
            return head + content + b"q\x01"

        def integer(number: int) -> bytes:
            return b"K" + bytes([number]) if number < 256 else b"M" + number.to_bytes(2, "little")

        dtype = b"cnumpy\ndtype\n" + string(b"u1") + b"K\x00K\x01\x87R(K\x03" + string(b"|") + b"NNNJ\xff\xff\xff\xff"
        dtype += b"J\xff\xff\xff\xffK\x00tb"
        shape = integer(values.shape[0]) + integer(values.shape[1]) + b"\x86"
        array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + string(b"b") + b"\x87R(K\x01"
        array += shape + dtype + b"\x89" + string(values.tobytes()) + b"tb"
        entries = string(b"batch_label") + string(b"training batch 1 of 5")
        entries += string(b"labels") + b"](" + b"".join(map(integer, batch_labels.tolist())) + b"e"
        entries += string(b"data") + array + string(b"filenames") + b"](" + string(b"a_s_000004.png") + b"e"
        return b"\x80\x02}(" + entries + b"u."

    @staticmethod
    def python3_pickle(values: Array, batch_labels: Array) -> bytes:
        return pickle.dumps({"data": values, "labels": batch_labels.tolist()}, protocol=4)

    @staticmethod
    def binary_batch(values: Array, batch_labels: Array) -> bytes:
        return np.column_stack([batch_labels, values]).tobytes()

    @staticmethod
    def archive(path: Path, members: dict[str, bytes]) -> Path:
        with tarfile.open(path, "w:gz") as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return path

    @staticmethod
    def cifar_batches(
        write: Callable[[Array, Array], bytes], folder: str, suffix: str, count: int = 20
    ) -> dict[str, bytes]:
        """Batches whose photos are told apart by their seed; the test batch comes first, as in the real archive."""
        return {
            f"{folder}/{name}{suffix}": write(Copies.noise(count, 3072, seed=seed), Copies.labels(count))
            for seed, name in enumerate((TEST_FILE, *TRAIN_FILES))
        }

    @staticmethod
    def cifar(path: Path) -> Path:
        members = Copies.cifar_batches(Copies.python2_pickle, "cifar-10-batches-py", "")
        return Copies.archive(path, {"cifar-10-batches-py/readme.html": b"<html>", **members})


@pytest.fixture(scope="session")
def copies() -> Copies:
    return Copies()
