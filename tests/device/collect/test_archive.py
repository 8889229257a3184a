"""The folder of what was collected, on a real disk."""

import errno
import os
import shutil
import stat
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from sagui.device.capture.errors import CaptureError
from sagui.device.capture.jpeg import encode_jpeg
from sagui.device.collect import table
from sagui.device.collect.archive import LEAST_FREE_BYTES, Archive
from sagui.device.collect.records import read_records
from sagui.device.collect.rules import Limits

MIB = 1024 * 1024
JPEG = encode_jpeg(np.random.default_rng(0).integers(0, 255, (350, 400, 3), np.uint8), 95)  # about 0.2 MB


def keep(archive: Archive, margin: float = 0.1, time: float = 0.0, label: str = "cat", guess: str = "cat") -> bool:
    top = [(guess, (1 + margin) / 2), ("dog", (1 - margin) / 2)]
    return archive.keep(JPEG, time, top, label, "unsure", "toy 1.2.3", None)


def photos(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jpg"))


def listed(folder: Path) -> dict[str, str]:
    return table.labels((folder / "collected.csv").read_bytes())


def test_a_photo_and_what_is_known_of_it_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert keep(Archive(folder, Limits()), time=1.5)
    assert [path.relative_to(folder).as_posix() for path in photos(folder)] == ["cat/19700101T000001.500Z-0001.jpg"]
    [record], bad = read_records((folder / "collected.jsonl").read_bytes())
    assert bad == 0
    assert (record.time, record.guess, record.model) == ("1970-01-01T00:00:01.500Z", "cat", "toy 1.2.3")
    assert (record.reason, record.interest) == ("unsure", 0.9)
    assert listed(folder) == {record.path: "cat"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_was_not_known_is_in_the_folder_of_the_unsure_and_keeps_its_guess(tmp_path: Path) -> None:
    archive = Archive(tmp_path, Limits())
    keep(archive, label="unknown")
    keep(archive, label="a/../b", guess="a/../b")
    assert listed(tmp_path) == {
        "unsure/19700101T000000.000Z-0001.jpg": "cat",
        "a%2F%2E%2E%2Fb/19700101T000000.000Z-0001.jpg": "a/../b",
    }


def test_the_room_is_kept_and_the_most_interesting_stay(tmp_path: Path) -> None:
    archive = Archive(tmp_path, Limits(bytes=MIB))
    margins = [0.19, 0.01, 0.15, 0.02, 0.17, 0.03, 0.11, 0.04, 0.05, 0.18]
    kept = [keep(archive, margin, time) for time, margin in enumerate(margins)]
    assert sum(path.stat().st_size for path in photos(tmp_path)) <= MIB
    records, _ = read_records((tmp_path / "collected.jsonl").read_bytes())
    assert {round(1 - record.interest, 2) for record in records} <= {0.01, 0.02, 0.03, 0.04, 0.05, 0.11}
    assert len(records) >= 3
    assert kept[-1] is False
    assert set(listed(tmp_path)) == {path.relative_to(tmp_path).as_posix() for path in photos(tmp_path)}
    assert {record.path for record in records} == set(listed(tmp_path))


def test_a_restart_goes_on_within_the_room(tmp_path: Path) -> None:
    for time in range(12):
        keep(Archive(tmp_path, Limits(bytes=MIB)), 0.2 - time / 100, time)
        assert sum(path.stat().st_size for path in photos(tmp_path)) <= MIB
    assert len(photos(tmp_path)) >= 3


def test_what_a_person_moved_or_corrected_is_never_removed(tmp_path: Path) -> None:
    archive = Archive(tmp_path, Limits(bytes=MIB))
    keep(archive, 0.19, 0)
    keep(archive, 0.19, 1)
    moved, corrected = photos(tmp_path)
    (tmp_path / "lynx").mkdir()
    moved.rename(tmp_path / "lynx" / moved.name)
    name = corrected.relative_to(tmp_path).as_posix()
    csv = tmp_path / "collected.csv"
    csv.write_text(csv.read_text().replace(f"{name},cat", f"{name},lynx"))
    for time in range(2, 14):
        keep(archive, 0.1, time)
    assert (tmp_path / "lynx" / moved.name).exists()
    assert corrected.exists()
    assert listed(tmp_path)[name] == "lynx"
    assert f"cat/{moved.name}" not in listed(tmp_path)
    assert len(photos(tmp_path)) > 2


def test_photos_that_a_person_deleted_leave_the_table_at_the_next_start(tmp_path: Path) -> None:
    keep(Archive(tmp_path, Limits()), time=0)
    photos(tmp_path)[0].unlink()
    keep(Archive(tmp_path, Limits()), time=9)
    assert list(listed(tmp_path)) == ["cat/19700101T000009.000Z-0001.jpg"]


@pytest.mark.parametrize("half_row", [b"cat/1970", b"cat/1.jpg,c", b'"cat, black/1970', b'"', b"\xe7"])
def test_a_line_that_power_cut_off_does_not_spoil_the_next(tmp_path: Path, half_row: bytes) -> None:
    keep(Archive(tmp_path, Limits()), time=0)
    for name, half in (("collected.jsonl", b'{"v":1,"ti'), ("collected.csv", half_row)):
        with (tmp_path / name).open("ab") as file:
            file.write(half)
    keep(Archive(tmp_path, Limits()), time=1)
    records, bad = read_records((tmp_path / "collected.jsonl").read_bytes())
    assert (len(records), bad) == (2, 0)
    assert {record.path for record in records} == set(listed(tmp_path))


def test_an_editor_that_ends_without_a_new_line_does_no_harm(tmp_path: Path) -> None:
    archive = Archive(tmp_path, Limits())
    keep(archive, time=0)
    csv = tmp_path / "collected.csv"
    csv.write_text(csv.read_text().rstrip().replace(",cat", ",lynx"))
    keep(archive, time=1)
    assert list(listed(tmp_path).values()) == ["lynx", "cat"]


def test_a_disk_that_others_need_is_left_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 (as shutil gives it)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, LEAST_FREE_BYTES - 1))
    with pytest.raises(CaptureError, match="only 99 MiB of the disk are free, and 100 are left to others; make room"):
        keep(Archive(tmp_path, Limits()))
    assert photos(tmp_path) == []


def test_a_disk_that_fails_is_one_line_and_may_work_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path, Limits())
    with monkeypatch.context() as patched:

        def full(self: Path, content: bytes) -> int:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(CaptureError, match="cannot be written to: Read-only file system"):
            keep(archive)
    assert keep(archive)
    assert len(photos(tmp_path)) == 1
