"""The folder of a class, on a real disk."""

import errno
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sagui.device.capture.errors import CaptureError
from sagui.device.capture.folder import ClassFolder, accept_label, class_folders
from sagui.device.capture.jpeg import encode_jpeg

JPEG = encode_jpeg(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))


def test_photos_are_numbered_and_an_earlier_run_goes_on(tmp_path: Path) -> None:
    first = ClassFolder(tmp_path / "cat")
    assert [first.save(JPEG, 0.0).name[-8:] for _ in range(2)] == ["0001.jpg", "0002.jpg"]
    assert ClassFolder(tmp_path / "cat").save(JPEG, 5.0).name == "19700101T000005.000Z-0003.jpg"
    assert all(path.read_bytes() == JPEG for path in (tmp_path / "cat").iterdir())


def test_two_that_fill_one_folder_at_one_time_lose_nothing(tmp_path: Path) -> None:
    folders = [ClassFolder(tmp_path) for _ in range(4)]
    threads = [threading.Thread(target=lambda one=one: [one.save(JPEG, 1.0) for _ in range(10)]) for one in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.iterdir())) == 40


def test_a_full_disk_is_one_line_and_leaves_no_half_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ClassFolder(tmp_path / "cat")

    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CaptureError, match=r"cat: cannot be written to: No space left on device; .*make room"):
        folder.save(JPEG, 0.0)
    assert list((tmp_path / "cat").iterdir()) == []


def test_a_folder_that_cannot_be_made_or_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError, match="cannot be used: Not a directory"):
        ClassFolder(tmp_path / "file" / "cat")
    with pytest.raises(CaptureError, match="cannot be read: Not a directory"):
        class_folders(tmp_path / "file")


def test_a_folder_that_was_taken_away_is_one_line(tmp_path: Path) -> None:
    folder = ClassFolder(tmp_path / "cat")
    (tmp_path / "cat").rmdir()
    with pytest.raises(CaptureError, match="cannot be written to: No such file or directory"):
        folder.save(JPEG, 0.0)
    with pytest.raises(CaptureError, match="cannot be read"):
        folder.newest()


def test_the_newest_photos_are_looked_at_and_damaged_ones_are_not(tmp_path: Path) -> None:
    folder = ClassFolder(tmp_path)
    assert folder.newest() == []
    for at, content in enumerate([JPEG, b"", b"\xff\xd8nothing", JPEG]):
        path = folder.save(content, float(at))
        os.utime(path, (at, at))
    (tmp_path / ".hidden.jpg").write_bytes(JPEG)
    (tmp_path / "notes.txt").write_text("no photo")
    assert [small.shape for small in folder.newest()] == [(32, 32)] * 2
    assert len(folder.newest(2)) == 1


def test_labels_go_with_the_folders_that_are_there(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    assert class_folders(root) == []
    assert accept_label(root, " dog ") == "dog"
    for name in ("Cat", ".cache"):
        (root / name).mkdir(parents=True)
    (root / "notes.txt").write_text("")
    assert class_folders(root) == ["Cat"]
    with pytest.raises(CaptureError, match="use 'Cat'"):
        accept_label(root, "cat")


def test_a_failure_at_the_rename_leaves_the_number_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ClassFolder(tmp_path)
    replace = Path.replace

    def refuse(self: Path, target: Any) -> Path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(CaptureError, match="Read-only file system"):
        folder.save(JPEG, 0.0)
    monkeypatch.setattr(Path, "replace", replace)
    assert folder.save(JPEG, 0.0).name.endswith("0001.jpg")
