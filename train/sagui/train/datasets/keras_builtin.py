"""Fashion-MNIST, CIFAR-10 and MNIST: through Keras' own loaders, or from a file that was downloaded before.

They come as arrays. A dataset is made of files, so they are written once, as PNG, into the cache. The published test
photos keep their set; which of the others validate is left to the split.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sagui.progress import SILENT, Progress
from sagui.progress.quiet import quiet_native
from sagui.train.datasets.cifar import read_cifar10
from sagui.train.datasets.pictures import IDX_FILES, Pictures, PublishedSets, read_idx, read_npz
from sagui.train.datasets.port import Dataset, Part, Photo
from sagui.train.errors import DatasetError

_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_DONE = "done.json"


@dataclass(frozen=True)
class Builtin:
    """A dataset that Keras has a loader for.

    Attributes:
        module: Of `keras.datasets`.
        title: For reports.
        labels: The classes, in the order of their published numbers.
        shape: Of a photo.
        urls: What Keras downloads.
        copy: What a downloaded copy is, in words.
        files: The files of a copy.
        read: Reads a copy.
    """

    module: str
    title: str
    labels: tuple[str, ...]
    shape: tuple[int, ...]
    urls: tuple[str, ...]
    copy: str
    files: Callable[[Path], list[Path]]
    read: Callable[[Path], PublishedSets]


def _mnist_files(path: Path) -> list[Path]:
    """One .npz file, or the four IDX files when their folder or one of them is given."""
    if path.is_dir():
        return [path / name for name in IDX_FILES]
    return [path.with_name(name) for name in IDX_FILES] if path.name in IDX_FILES else [path]


def _read_mnist(path: Path) -> PublishedSets:
    files = _mnist_files(path)
    return read_npz(path) if len(files) == 1 else read_idx(files[0].parent)


def _only_file(path: Path) -> list[Path]:
    return [path]


BUILTINS = {
    "fashion-mnist": Builtin(
        "fashion_mnist",
        "Fashion-MNIST",
        # Xiao et al., https://arxiv.org/abs/1708.07747, table 2; "T-shirt/top" there, which no folder can be called.
        (
            "T-shirt or top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        (28, 28),
        tuple(_GOOGLE + name for name in IDX_FILES),
        "the folder of those four files",
        _mnist_files,
        _read_mnist,
    ),
    "cifar10": Builtin(
        "cifar10",
        "CIFAR-10",
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        (32, 32, 3),
        ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
        "that archive, or cifar-10-binary.tar.gz",
        _only_file,
        read_cifar10,
    ),
    "mnist": Builtin(
        "mnist",
        "MNIST",
        tuple(map(str, range(10))),
        (28, 28),
        (_GOOGLE + "mnist.npz",),
        "that file, or the folder of the four IDX files",
        _mnist_files,
        _read_mnist,
    ),
}


def read_keras(name: str, file: Path | None, cache: Path, progress: Progress = SILENT) -> Dataset:
    """Reads a dataset of Keras; its photos are in the cache after that.

    Args:
        name: One of `BUILTINS`.
        file: A copy that was downloaded before; without it, Keras' loader is asked, which downloads it once.
        cache: The photos are written to ``CACHE/datasets/NAME-DIGEST``, with the digest of the file.
        progress: Told of each photo that is written.

    Raises:
        DatasetError: There is no such dataset, it cannot be downloaded, the file is not it, or the disk is full.
    """
    builtin = find_builtin(name)
    try:
        digest = "published" if file is None else _digest(builtin.files(file))
    except OSError as error:
        raise DatasetError(f"keras:{name}: {error.filename}: {error.strerror}; {_how_to_get(name, builtin)}") from error
    folder = cache / "datasets" / f"{name}-{digest}"
    try:
        with _alone(folder):
            if not _is_complete(folder):
                _write(folder, load_pictures(name, file), builtin, progress)
            photos = tuple(_photos(folder, builtin))
    except OSError as error:
        raise DatasetError(
            f"{folder}: the cache cannot be written: {error.strerror}; free some space, or choose another folder with "
            "SAGUI_CACHE"
        ) from error
    source = f"keras:{name}" if file is None else f"keras:{name}={file}"
    return Dataset(source, builtin.title, folder.resolve(), builtin.labels, photos)


def find_builtin(name: str) -> Builtin:
    """Finds a dataset by name.

    Raises:
        DatasetError: There is none; the message names the nearest and all.
    """
    if name in BUILTINS:
        return BUILTINS[name]
    near = get_close_matches(name.lower().replace("_", "-"), BUILTINS, 1, 0.5)
    hint = f"did you mean keras:{near[0]}? " if near else ""
    raise DatasetError(f"no dataset keras:{name}; {hint}There are: {', '.join(f'keras:{known}' for known in BUILTINS)}")


def load_pictures(name: str, file: Path | None) -> PublishedSets:
    """The photos of a dataset as arrays, from a file or else by Keras' loader.

    Raises:
        DatasetError: They cannot be downloaded, or the file is not what it should be.
    """
    builtin = find_builtin(name)
    sets = _from_keras(name, builtin) if file is None else _from_file(name, builtin, file)
    try:
        for pictures in (sets.train, sets.test):
            pictures.check(builtin.shape, len(builtin.labels))
    except ValueError as error:
        raise DatasetError(f"keras:{name}: {file or 'the download'} is not {builtin.title}: {error}") from error
    return sets


def _from_keras(name: str, builtin: Builtin) -> PublishedSets:
    with quiet_native():
        from keras import datasets
    try:
        # Keras shows its download on standard output, which is for what a command answers.
        with redirect_stdout(sys.stderr):
            (x_train, y_train), (x_test, y_test) = getattr(datasets, builtin.module).load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        reason = " ".join(str(error).split())
        raise DatasetError(
            f"keras:{name}: Keras cannot load it: {reason}; without internet, {_how_to_get(name, builtin)}"
        ) from error
    return PublishedSets(Pictures(x_train, y_train.reshape(-1)), Pictures(x_test, y_test.reshape(-1)))


def _from_file(name: str, builtin: Builtin, file: Path) -> PublishedSets:
    try:
        return builtin.read(file)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"keras:{name}: {file} is not {builtin.title}: {error}; {_how_to_get(name, builtin)}"
        ) from error


def _how_to_get(name: str, builtin: Builtin) -> str:
    return f"download {' '.join(builtin.urls)} elsewhere and give keras:{name}=FILE, where FILE is {builtin.copy}"


def _digest(files: Sequence[Path]) -> str:
    """Names a copy by its content."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lets one process at a time write a folder; the others wait, and find it written."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_complete(folder: Path) -> bool:
    """Whether nothing is gone of what was written."""
    try:
        done: object = json.loads((folder / _DONE).read_bytes())
    except (OSError, ValueError):
        return False
    return done == _contents(folder)


def _contents(folder: Path) -> dict[str, int]:
    """How many photos there are, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*.png")]
    return {"photos": len(sizes), "bytes": sum(sizes)}


def _write(folder: Path, sets: PublishedSets, builtin: Builtin, progress: Progress) -> None:
    beside = folder.with_name(f".{folder.name}.partial")
    # What a process left that was killed; no other is writing, by the lock.
    shutil.rmtree(beside, ignore_errors=True)
    total = len(sets.train.labels) + len(sets.test.labels)
    try:
        with progress.task(f"Write {builtin.title} as photos", total) as advance:
            for part, pictures in (("train", sets.train), ("test", sets.test)):
                for label in builtin.labels:
                    (beside / part / label).mkdir(parents=True)
                for number, (image, label) in enumerate(zip(pictures.images, pictures.labels, strict=True)):
                    (beside / part / builtin.labels[label] / f"{number:05}.png").write_bytes(_png(image))
                    advance()
        (beside / _DONE).write_text(json.dumps(_contents(beside)), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _png(image: npt.NDArray[np.uint8]) -> bytes:
    code = cv2.COLOR_GRAY2BGR if image.ndim == 2 else cv2.COLOR_RGB2BGR  # noqa: PLR2004 (no channels: grey)
    _, content = cv2.imencode(".png", cv2.cvtColor(image, code))
    return content.tobytes()


def _photos(folder: Path, builtin: Builtin) -> Iterator[Photo]:
    parts: tuple[tuple[str, Part | None], ...] = (("train", None), ("test", "test"))
    for name, part in parts:
        for number, label in enumerate(builtin.labels):
            for file in sorted(os.listdir(folder / name / label)):  # noqa: PTH208 (names alone, seventy thousand)
                if file.endswith(".png"):
                    yield Photo(f"{name}/{label}/{file}", (number,), label, part=part)
