"""Files of the MNIST family: read, or refused, whatever is in them."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.datasets import pictures
from sagui.train.datasets.cifar import read_cifar10
from sagui.train.datasets.keras_builtin import load_pictures
from sagui.train.datasets.pictures import IDX_FILES, PublishedSets, read_idx, read_npz
from sagui.train.errors import DatasetError


def outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except (ValueError, OSError) as error:
        return error


def test_both_forms_hold_the_same_photos(copies: Any, tmp_path: Path) -> None:
    one, other = read_npz(copies.npz(tmp_path / "copy.npz")), read_idx(copies.idx_folder(tmp_path / "copy"))
    for mine, theirs in ((one.train, other.train), (one.test, other.test)):
        assert np.array_equal(mine.images, theirs.images)
        assert np.array_equal(mine.labels, theirs.labels)
        mine.check((28, 28), 10)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.sampled_from([read_npz, read_cifar10]))
def test_any_file_is_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, read: Callable[[Path], object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    assert isinstance(outcome(lambda: read(path)), ValueError | OSError)


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"\0\0\x08\x03"]))
def test_any_idx_file_is_read_or_refused(
    copies: Any, tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes
) -> None:
    folder = copies.idx_folder(tmp_path_factory.getbasetemp() / "idx", 1, 1)
    (folder / IDX_FILES[0]).write_bytes(gzip.compress(head + content))
    assert isinstance(outcome(lambda: read_idx(folder)), PublishedSets | ValueError)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_any_change_of_an_npz_file_is_read_or_refused(
    copies: Any, tmp_path_factory: pytest.TempPathFactory, position: int, inserted: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.npz"
    content = copies.npz(path, x_train=np.zeros((2, 28, 28), np.uint8)).read_bytes()
    at = position % len(content)
    path.write_bytes(content[:at] + inserted + content[at + len(inserted) :])
    assert isinstance(outcome(lambda: read_npz(path)), PublishedSets | ValueError | OSError)


@pytest.mark.filterwarnings("ignore:Reading `.npy`", "ignore:invalid escape sequence")
@settings(deadline=None, max_examples=200)
@given(st.integers(6, 120), st.text("()[]{}',:019eEjTLu<|\\\n ", min_size=1, max_size=8))
def test_any_head_of_an_array_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, position: int, inserted: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "head.npz"
    buffer = io.BytesIO()
    np.save(buffer, grey(2, 28, 28))
    content = buffer.getvalue()
    changed = content[:position] + inserted.encode() + content[position + len(inserted) :]
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", changed)
    assert isinstance(outcome(lambda: read_npz(path)), PublishedSets | ValueError)


def grey(count: int, *shape: int) -> Any:
    return np.zeros((count, *shape), np.uint8)


MISSHAPEN: list[tuple[str, dict[str, Any], str]] = [
    (
        "photos of another size",
        {"x_train": grey(20, 32, 32)},
        r"photos \(20, 32, 32\) of uint8, not \(photos, 28, 28\)",
    ),
    ("photos in colour", {"x_test": grey(10, 28, 28, 3)}, r"photos \(10, 28, 28, 3\) of uint8"),
    ("photos as fractions", {"x_train": np.zeros((20, 28, 28))}, r"photos \(20, 28, 28\) of float64, not"),
    ("no photos", {"x_train": grey(0, 28, 28), "y_train": grey(0)}, r"photos \(0, 28, 28\)"),
    ("labels for others", {"y_train": grey(19)}, r"labels \(19,\) of uint8 for 20 photos"),
    ("labels as fractions", {"y_train": np.zeros(20)}, r"labels \(20,\) of float64 for 20 photos"),
    ("an eleventh class", {"y_train": np.arange(20) % 11}, "labels from 0 to 10, not 0 to 9"),
    ("a class below the first", {"y_test": np.arange(10) - 1}, "labels from -1 to 8, not 0 to 9"),
    ("pickled objects", {"x_train": np.array([{}], object)}, "Object arrays cannot be loaded"),
]


@pytest.mark.parametrize(("changed", "reason"), [row[1:] for row in MISSHAPEN], ids=[row[0] for row in MISSHAPEN])
def test_arrays_that_are_not_the_dataset_are_refused(
    copies: Any, tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    file = copies.npz(tmp_path / "copy.npz", **changed)
    with pytest.raises(DatasetError, match=rf"keras:mnist: .*copy.npz is not MNIST: {reason}"):
        load_pictures("mnist", file)


@pytest.mark.parametrize(("reader", "copy"), [(read_npz, "npz"), (read_cifar10, "cifar"), (read_idx, "idx_folder")])
def test_a_bomb_is_not_unpacked(
    copies: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[[Path], object], copy: str
) -> None:
    monkeypatch.setattr(pictures, "_MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="holds more than 0 MiB"):
        reader(getattr(copies, copy)(tmp_path / "copy.npz"))
