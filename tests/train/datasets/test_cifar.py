"""Archives of CIFAR-10: read in both forms, and never trusted."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.datasets.batch_pickle import read_batch
from sagui.train.datasets.cifar import TEST_FILE, TRAIN_FILES, read_cifar10


def outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("write", "folder", "suffix"),
    [
        ("python2_pickle", "cifar-10-batches-py", ""),
        ("python3_pickle", "cifar-10-batches-py", ""),
        ("binary_batch", "cifar-10-batches-bin", ".bin"),
    ],
)
def test_each_form_is_read(copies: Any, tmp_path: Path, write: str, folder: str, suffix: str) -> None:
    file = copies.archive(tmp_path / "copy", copies.cifar_batches(getattr(copies, write), folder, suffix))
    sets = read_cifar10(file)
    assert sets.train.images.shape == (100, 32, 32, 3)
    # The third photo of the second batch; channels come one after another, red first.
    assert np.array_equal(
        sets.train.images[22], copies.noise(20, 3072, seed=2)[2].reshape(3, 32, 32).transpose(1, 2, 0)
    )
    assert np.array_equal(sets.train.labels, np.arange(100) % 10)
    assert np.array_equal(sets.test.images[9], copies.noise(20, 3072)[9].reshape(3, 32, 32).transpose(1, 2, 0))
    assert np.array_equal(sets.test.labels, copies.labels(20))


class Evil:
    """What a hostile pickle would do when it is read by pickle itself."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.marker,))


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_that_would_run_code_is_refused(copies: Any, tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "was here"
    content = pickle.dumps({b"data": Evil(marker), b"labels": [0]}, protocol)
    pickle.loads(content)  # noqa: S301 (it is ours)
    assert marker.exists(), "the pickle is harmless, so the test proves nothing"
    marker.unlink()
    file = copies.archive(tmp_path / "copy", {f"x/{name}": content for name in (*TRAIN_FILES, TEST_FILE)})
    with pytest.raises(ValueError, match=r"x/data_batch_1: .*it asks for .*, which is not an array"):
        read_cifar10(file)
    assert not marker.exists()


# The parser of the standard library warns of odd escapes before the instruction is refused.
@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@settings(deadline=None, max_examples=300)
@given(st.integers(0, 400), st.binary(max_size=6), st.integers(0, 8))
def test_any_change_of_a_pickle_is_read_or_refused(copies: Any, position: int, inserted: bytes, removed: int) -> None:
    good = copies.python2_pickle(copies.noise(2, 3072), copies.labels(2))
    # What follows the first 400 bytes is pixels; changes there change nothing else.
    changed = good[:position] + inserted + good[position + removed :]
    assert isinstance(outcome(lambda: read_batch(changed)), tuple | ValueError)


@pytest.mark.parametrize(
    ("instruction", "reason"),
    [
        (b"K\x01r\xff\xff\xff\x7f", "it remembers more than 100000 things"),
        (b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f", "expected .* bytes in a bytearray8"),
        (b"\x8a\x01\x01", "it holds the instruction LONG1"),
        (b"(ios\nsystem\n", "it holds the instruction INST"),
        (b"\x82\x01", "it holds the instruction EXT1"),
    ],
)
def test_a_pickle_that_asks_for_more_than_a_batch_needs_is_refused(
    copies: Any, instruction: bytes, reason: str
) -> None:
    good = copies.python2_pickle(copies.noise(2, 3072), copies.labels(2))
    assert len(read_batch(good)[1]) == 2
    with pytest.raises(ValueError, match=reason):
        read_batch(good[:2] + instruction + b"0" + good[2:])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"u1", b"O8", "its numbers are b'O8', not bytes"),
        (b"cnumpy\nndarray\n", b"cos\nsystem\n", "it asks for os.system, which is not an array"),
        (b"cnumpy\ndtype\n", b"cnumpy\nload\n", "it asks for numpy.load"),
        (b"labels", b"labelx", "'labels'"),
        (b"K\x01e", b"K\x01K\x01e", r"labels \(3,\) for 2 photos"),
    ],
)
def test_a_batch_of_something_else_is_refused(copies: Any, tmp_path: Path, old: bytes, new: bytes, reason: str) -> None:
    good = copies.python2_pickle(np.zeros((2, 3072), np.uint8), copies.labels(2))
    assert old in good
    file = copies.archive(tmp_path / "copy", {"b/data_batch_3": good.replace(old, new)})
    with pytest.raises(ValueError, match=f"b/data_batch_3: .*{reason}|^{reason}"):
        read_cifar10(file)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (dict.fromkeys((*TRAIN_FILES, TEST_FILE)), "it has no data_batch_1, data_batch_2"),
        ({TEST_FILE: None}, "it has no test_batch$"),
        ({"data_batch_1": b"x" * 3000}, "3000 bytes are not a whole number of photos"),
        ({"data_batch_2": b"\x00" * 3073}, None),
    ],
)
def test_an_archive_holds_six_batches_of_whole_photos(
    copies: Any, tmp_path: Path, changed: dict[str, bytes | None], reason: str | None
) -> None:
    members = copies.cifar_batches(copies.binary_batch, "b", ".bin", 2)
    for name, content in changed.items():
        members[f"b/{name}.bin"] = content
    file = copies.archive(
        tmp_path / "copy", {name: content for name, content in members.items() if content is not None}
    )
    if reason is None:
        assert len(read_cifar10(file).train.labels) == 9
    else:
        with pytest.raises(ValueError, match=reason):
            read_cifar10(file)
