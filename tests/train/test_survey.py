"""Every photo is read once, by several threads."""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sagui.bundle.manifest import InputSpec
from sagui.infer.preprocess import decode_photo, read_photo
from sagui.progress.port import Advance
from sagui.train import survey as module
from sagui.train.datasets.port import Dataset, Photo
from sagui.train.survey import Fitted, survey

SPEC = InputSpec(height=6, width=6)


def photos(root: Path, count: int) -> Dataset:
    root.mkdir(exist_ok=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 255, (10 + number % 5, 40, 3), dtype=np.uint8)
        cv2.imwrite(str(root / f"{number:03}.png"), pixels)
    return Dataset("", "", root, ("a",), tuple(Photo(f"{number:03}.png", (0,), "") for number in range(count)))


def test_results_come_in_the_order_of_the_photos(tmp_path: Path) -> None:
    dataset = photos(tmp_path / "data", 60)
    found = survey(dataset, None, tmp_path / "cache")
    looks = found.looks([key for key in found.keys if key])
    assert looks.sizes.tolist() == [[10 + number % 5, 40] for number in range(60)]
    small = looks.thumbnails(np.array([3, 59]))
    expected = read_photo(tmp_path / "data" / "059.png")
    assert np.array_equal(small[1], cv2.resize(expected, (32, 32), interpolation=cv2.INTER_AREA))


def test_each_photo_is_told_of_as_it_is_done(tmp_path: Path) -> None:
    done: list[int] = []

    def advance(steps: int = 1, note: str = "") -> None:
        assert not note
        done.append(steps)

    class Counting:
        @contextmanager
        def task(self, what: str, total: int | None = None) -> Iterator[Advance]:
            assert what == "Look at the photos"
            done.append(-(total or 0))
            yield advance

        def say(self, line: str) -> None:
            raise AssertionError(line)

    dataset = photos(tmp_path / "data", 5)
    (tmp_path / "data" / "002.png").write_bytes(b"")
    assert survey(dataset, None, tmp_path / "cache", Counting()).unreadable == {"002.png": "the file is empty"}
    assert done == [-5, 1, 1, 1, 1, 1]


def test_few_photos_wait_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, written, most = [0], [0], [0]
    lock = threading.Lock()
    see, add = module._see, module._Writer.__call__

    def counting_see(path: Path, stores: module._Stores) -> module._Seen:
        with lock:
            begun[0] += 1
            most[0] = max(most[0], begun[0] - written[0])
        return see(path, stores)

    def counting_add(self: module._Writer, key: str, seen: module._Seen) -> None:
        add(self, key, seen)
        with lock:
            written[0] += 1

    monkeypatch.setattr(module, "_see", counting_see)
    monkeypatch.setattr(module._Writer, "__call__", counting_add)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    survey(photos(tmp_path / "data", 100), None, tmp_path / "cache")
    assert written == [100]
    assert 0 < most[0] <= 2 * 4 + 1


def test_what_was_seen_is_not_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    checked: list[bytes] = []

    def counting(content: bytes) -> npt.NDArray[np.uint8]:
        decoded.append(1)
        return decode_photo(content)

    monkeypatch.setattr(module, "decode_photo", counting)
    monkeypatch.setattr(module, "_checked", checked.append)
    dataset, cache = photos(tmp_path / "data", 10), tmp_path / "cache"
    survey(dataset, None, cache)
    assert len(decoded) == 10
    survey(dataset, None, cache)
    assert len(decoded) == 10
    # Pixels for a network were not kept before.
    fitted = Fitted.within(cache, SPEC)
    survey(dataset, fitted, cache)
    assert len(decoded) == 20
    assert len(checked) == 10
    assert len(fitted.store) == 10
    survey(dataset, Fitted.within(cache, SPEC), cache)
    assert len(decoded) == 20


def test_a_file_that_changed_is_seen_anew_even_if_it_looks_unchanged(tmp_path: Path) -> None:
    dataset, path = photos(tmp_path / "data", 2), tmp_path / "data" / "000.png"
    before = survey(dataset, None, tmp_path / "cache")
    stat, content = path.stat(), bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = survey(dataset, None, tmp_path / "cache")
    assert after.keys[0] != before.keys[0]
    assert after.keys[1] == before.keys[1]


def test_a_truncated_photo_is_refused_where_opencv_shows_the_rest_in_grey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "decode_photo", lambda _: np.full((64, 64, 3), 128, np.uint8))
    dataset, path = photos(tmp_path / "data", 1), tmp_path / "data" / "000.png"
    path.write_bytes(path.read_bytes()[:-100])
    fitted = Fitted.within(tmp_path / "cache", SPEC)
    found = survey(dataset, fitted, tmp_path / "cache")
    assert "damaged" in found.unreadable["000.png"]
    assert found.keys == (None,)
    assert len(fitted.store) == len(found.records) == 0


def test_damaged_exif_data_are_passed_over_in_silence(tmp_path: Path) -> None:
    dataset = Dataset("", "", tmp_path, ("a",), (Photo("1.jpg", (0,), ""),))
    Image.new("RGB", (40, 40)).save(tmp_path / "1.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x10")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = survey(dataset, None, tmp_path / "cache")
    assert found.unreadable == {}
    assert found.looks([key for key in found.keys if key]).taken == (None,)
