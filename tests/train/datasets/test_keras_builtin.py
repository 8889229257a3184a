"""Datasets of Keras: copies that lie on the disk, Keras' own loaders, and the photos they become.

Nothing is downloaded: copies are small files made here in the published formats, and where Keras' loaders are used,
only the function that would download is replaced.
"""

import fcntl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np
import pytest

from sagui.infer.preprocess import read_photo
from sagui.train.datasets import keras_builtin
from sagui.train.datasets.cifar import TEST_FILE, TRAIN_FILES
from sagui.train.datasets.keras_builtin import load_pictures, read_keras
from sagui.train.datasets.pictures import IDX_FILES
from sagui.train.datasets.port import Dataset
from sagui.train.errors import DatasetError


def check_photos(dataset: Dataset, train: int, test: int) -> None:
    parts = [photo.part for photo in dataset.photos]
    assert (parts.count(None), parts.count("test"), len(parts)) == (train, test, train + test)
    assert all(photo.stratum == dataset.labels[photo.label] for photo in dataset.photos)


def test_an_archive_of_cifar10_becomes_photos(copies: Any, tmp_path: Path) -> None:
    file = copies.cifar(tmp_path / "copy")
    dataset = read_keras("cifar10", file, tmp_path / "cache")
    check_photos(dataset, 100, 20)
    assert dataset.labels[3] == "cat"
    assert dataset.source == f"keras:cifar10={file}"
    by_name = {photo.name: photo for photo in dataset.photos}
    # The third photo of the second batch; channels come one after another, red first.
    expected = copies.noise(20, 3072, seed=2)[2].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(read_photo(dataset.path(by_name["train/bird/00022.png"])), expected)
    expected = copies.noise(20, 3072)[9].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(read_photo(dataset.path(by_name["test/truck/00009.png"])), expected)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("form", ["npz", "folder", "one of four"])
def test_grey_photos_become_rgb(copies: Any, tmp_path: Path, name: str, form: str) -> None:
    file = copies.npz(tmp_path / "copy.npz") if form == "npz" else copies.idx_folder(tmp_path / "copy")
    dataset = read_keras(name, file / IDX_FILES[2] if form == "one of four" else file, tmp_path / "cache")
    check_photos(dataset, 20, 10)
    assert dataset.labels[9] == {"mnist": "9", "fashion-mnist": "Ankle boot"}[name]
    photo = next(photo for photo in dataset.photos if photo.name.startswith(f"train/{dataset.labels[1]}/00011"))
    pixels = cv2.imread(str(dataset.path(photo)), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert np.array_equal(pixels, np.repeat(copies.noise(20, 28, 28)[11][..., np.newaxis], 3, axis=2))


def test_every_class_can_be_a_folder() -> None:
    for builtin in keras_builtin.BUILTINS.values():
        assert len(set(builtin.labels)) == 10
        assert not any("/" in label or label.startswith(".") for label in builtin.labels)


class Counting:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}

    def task(self, what: str, total: int | None = None) -> "Counting":
        self.steps[f"{what} of {total}"] = 0
        self.key = f"{what} of {total}"
        return self

    def __enter__(self) -> Callable[..., None]:
        def advance(steps: int = 1, note: str = "") -> None:
            self.steps[self.key] += steps

        return advance

    def __exit__(self, *error: object) -> None:
        pass

    def say(self, line: str) -> None:
        pass


def test_photos_are_written_once_and_again_when_one_is_gone(copies: Any, tmp_path: Path) -> None:
    file, cache, progress = copies.idx_folder(tmp_path / "copy"), tmp_path / "cache", Counting()
    first = read_keras("fashion-mnist", file, cache, progress)
    assert progress.steps == {"Write Fashion-MNIST as photos of 30": 30}
    assert first.root.parent == cache / "datasets"
    assert first.root.name.startswith("fashion-mnist-")
    progress.steps.clear()
    assert read_keras("fashion-mnist", file, cache, progress) == first
    assert progress.steps == {}
    gone, emptied = first.path(first.photos[0]), first.path(first.photos[1])
    gone.unlink()
    assert read_keras("fashion-mnist", file, cache, progress) == first
    assert gone.is_file()
    emptied.write_bytes(b"")
    assert read_keras("fashion-mnist", file, cache, progress) == first
    assert emptied.stat().st_size > 0
    assert progress.steps == {"Write Fashion-MNIST as photos of 30": 30}


def test_another_copy_is_another_folder(copies: Any, tmp_path: Path) -> None:
    one = read_keras("mnist", copies.npz(tmp_path / "a.npz"), tmp_path)
    other = read_keras("mnist", copies.npz(tmp_path / "b.npz", x_train=copies.noise(20, 28, 28, seed=7)), tmp_path)
    assert one.root != other.root
    assert one.root.is_dir()


def test_a_write_that_failed_leaves_nothing_and_is_told(
    copies: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, real, written = copies.npz(tmp_path / "copy.npz"), Path.write_bytes, list[Path]()

    def until_full(self: Path, content: bytes) -> int:
        written.append(self)
        if len(written) > 5:
            raise OSError(28, "No space left on device")
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with pytest.raises(DatasetError, match=r"cannot be written: No space left on device; free some space, or choose"):
        read_keras("mnist", file, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache" / "datasets").iterdir() if path.is_dir()]
    monkeypatch.undo()
    check_photos(read_keras("mnist", file, tmp_path / "cache"), 20, 10)


def test_what_a_killed_process_left_does_no_harm(copies: Any, tmp_path: Path) -> None:
    file, cache = copies.npz(tmp_path / "copy.npz"), tmp_path / "cache"
    root = read_keras("mnist", file, cache).root
    (root / "done.json").unlink()
    partial = root.with_name(f".{root.name}.partial")
    (partial / "train" / "0").mkdir(parents=True)
    (partial / "train" / "0" / "99999.png").write_bytes(b"half")
    check_photos(read_keras("mnist", file, cache), 20, 10)
    assert not partial.exists()


def test_a_second_process_waits_for_the_first(copies: Any, tmp_path: Path) -> None:
    file, cache = copies.npz(tmp_path / "copy.npz"), tmp_path / "cache"
    root = read_keras("mnist", file, cache).root
    (root / "done.json").unlink()
    code = (
        "from pathlib import Path; from sagui.train.datasets.keras_builtin import read_keras\n"
        "print('starts', flush=True)\n"
        f"print(len(read_keras('mnist', Path({str(file)!r}), Path({str(cache)!r})).photos))"
    )
    with root.with_name(f".{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "starts\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        assert not (root / "done.json").exists()
    assert process.communicate(timeout=60)[0] == "30\n"
    assert (root / "done.json").exists()


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_copy_that_was_cut_off_is_refused_and_told_how_to_get(copies: Any, tmp_path: Path, name: str) -> None:
    file = copies.npz(tmp_path / "copy.npz") if name == "mnist" else copies.cifar(tmp_path / "copy")
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(DatasetError, match=r"copy.* is not (MNIST|CIFAR-10): .*; download https://.* and give keras:"):
        read_keras(name, file, tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("mnist", "gone.npz", r"gone.npz: No such file or directory; download https://.*mnist.npz elsewhere and give"),
        ("cifar10", "", r"Is a directory; download https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz elsewhere"),
        ("fashion-mnist", "", r"train-images-idx3-ubyte.gz: No such file or directory; download .*t10k-labels-idx1-ub"),
    ],
)
def test_a_missing_copy_is_named(tmp_path: Path, name: str, file: str, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        read_keras(name, tmp_path / file, tmp_path / "cache")


def test_an_unknown_dataset_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no dataset keras:fashion_mnist; did you mean keras:fashion-mnist\? There"):
        read_keras("fashion_mnist", None, tmp_path)
    with pytest.raises(DatasetError, match=r"did you mean keras:cifar10\?"):
        read_keras("CIFAR100", None, tmp_path)
    with pytest.raises(DatasetError, match=r"no dataset keras:elpv; There are: keras:fashion-mnist, keras:cifar10"):
        read_keras("elpv", None, tmp_path)


def replace_download(monkeypatch: pytest.MonkeyPatch, name: str, get_file: Callable[..., object]) -> None:
    """Replaces what downloads in the module of Keras that holds the loader; the loader stays Keras' own."""
    from keras import datasets

    loader = getattr(datasets, keras_builtin.BUILTINS[name].module).load_data
    monkeypatch.setattr(sys.modules[loader.__module__], "get_file", get_file)


def test_the_loader_of_fashion_mnist_is_keras_own(copies: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get_file(fname: str, origin: str, **_: object) -> str:
        asked.append(origin)
        return str(copies.idx_folder(tmp_path / "keras") / fname)

    replace_download(monkeypatch, "fashion-mnist", get_file)
    dataset = read_keras("fashion-mnist", None, tmp_path / "cache")
    check_photos(dataset, 20, 10)
    assert dataset.source == "keras:fashion-mnist"
    assert sorted(asked) == sorted(keras_builtin.BUILTINS["fashion-mnist"].urls)
    # What is in the cache needs Keras no more.
    assert read_keras("fashion-mnist", None, tmp_path / "cache") == dataset
    assert len(asked) == 4


def test_the_loader_of_mnist_is_keras_own(
    copies: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def get_file(fname: str, origin: str, **_: object) -> str:
        asked.append(origin)
        print("Downloading")  # noqa: T201 (as Keras does)
        return str(copies.npz(tmp_path / fname))

    replace_download(monkeypatch, "mnist", get_file)
    check_photos(read_keras("mnist", None, tmp_path / "cache"), 20, 10)
    assert tuple(asked) == keras_builtin.BUILTINS["mnist"].urls
    assert capsys.readouterr().out == ""


def test_the_loader_of_cifar10_is_keras_own(copies: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Keras takes batches of 10,000 photos only; one file serves as all six. As photos they would take seconds.
    batch = tmp_path / "cifar-10-batches-py" / TEST_FILE
    batch.parent.mkdir()
    batch.write_bytes(copies.python2_pickle(np.tile(copies.noise(10, 3072), (1000, 1)), copies.labels(10_000)))
    for name in TRAIN_FILES:
        (batch.parent / name).symlink_to(batch)
    asked = []

    def get_file(origin: str, **_: object) -> str:
        asked.append(origin)
        return str(tmp_path)

    replace_download(monkeypatch, "cifar10", get_file)
    sets = load_pictures("cifar10", None)
    assert sets.train.images.shape == (50_000, 32, 32, 3)
    assert np.array_equal(sets.test.images[7], copies.noise(10, 3072)[7].reshape(3, 32, 32).transpose(1, 2, 0))
    assert np.array_equal(sets.test.labels, copies.labels(10_000))
    assert tuple(asked) == keras_builtin.BUILTINS["cifar10"].urls


@pytest.mark.parametrize("error", [Exception("URL fetch failure on x: None --\n no route"), TimeoutError("timed out")])
@pytest.mark.parametrize("name", list(keras_builtin.BUILTINS))
def test_a_failed_download_says_what_to_download_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    replace_download(monkeypatch, name, fail)
    with pytest.raises(DatasetError) as caught:
        read_keras(name, None, tmp_path / "cache")
    message = str(caught.value)
    assert message.startswith(f"keras:{name}: Keras cannot load it: ")
    assert " ".join(str(error).split()) in message
    assert all(url in message for url in keras_builtin.BUILTINS[name].urls)
    assert f"give keras:{name}=FILE, where FILE is " in message
    assert "\n" not in message
