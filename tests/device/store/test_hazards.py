import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sagui.device.store.filesystem import RealFilesystem
from sagui.device.store.hazardous import HazardousFilesystem
from sagui.device.store.hazards import Kill, Refuse, Tally, When
from sagui.device.store.volatile import VolatileFilesystem


def in_a_child(action: Callable[[], object]) -> int:
    """Does it in a process of its own; gives the status, or the negative signal."""
    child = os.fork()
    if not child:
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(("when", "left"), [("before", b"old"), ("amid", b"n"), ("after", b"new")])
def test_a_process_is_killed_before_amid_and_after_a_call(tmp_path: Path, when: When, left: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    files = HazardousFilesystem(RealFilesystem(), Kill(1, when))

    def write() -> None:
        files.read(path)
        files.write(path, b"new")

    assert in_a_child(write) == -signal.SIGKILL
    assert path.read_bytes() == left


def test_a_refused_write_leaves_half_and_then_goes_on(tmp_path: Path) -> None:
    files = HazardousFilesystem(RealFilesystem(), Refuse(0, errno.ENOSPC, 2, frozenset({"write"})))
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            files.write(tmp_path / "file", b"1234")
    assert files.read(tmp_path / "file") == b"12"
    files.write(tmp_path / "file", b"1234")
    assert files.read(tmp_path / "file") == b"1234"


def test_every_call_is_counted(tmp_path: Path) -> None:
    tally = Tally()
    files = HazardousFilesystem(RealFilesystem(), tally)
    files.make_folder(tmp_path / "a")
    files.write(tmp_path / "a" / "b", b"12")
    files.append(tmp_path / "a" / "b", b"34")
    files.rename(tmp_path / "a" / "b", tmp_path / "a" / "c")
    with files.lock(tmp_path / "lock", 0.0):
        assert files.read_part(tmp_path / "a" / "c", 1, 2) == b"23"
    assert files.names(tmp_path / "a") == ("c",)
    files.sync(tmp_path / "a")
    files.remove(tmp_path / "a" / "c")
    assert (files.free_bytes(tmp_path) > 0, files.names(tmp_path / "none")) == (True, ())
    assert [name for name, _ in tally.calls] == [
        *("make_folder", "write", "append", "rename", "lock", "read_part", "names", "sync", "remove"),
        *("free_bytes", "names"),
    ]


def test_content_that_was_not_synced_is_lost_with_the_power(tmp_path: Path) -> None:
    disk, path = VolatileFilesystem(RealFilesystem()), tmp_path / "file"
    disk.write(path, b"synced")
    disk.sync(path)
    disk.append(path, b", not synced")
    disk.cut("content")
    assert path.read_bytes() == b"synced"


def test_a_file_renamed_before_it_was_synced_is_empty_under_its_new_name(tmp_path: Path) -> None:
    disk = VolatileFilesystem(RealFilesystem())
    disk.write(tmp_path / "new", b"content")
    disk.rename(tmp_path / "new", tmp_path / "file")
    disk.sync(tmp_path)
    disk.cut("content")
    assert (tmp_path / "file").read_bytes() == b""


def test_names_that_were_not_synced_are_lost_with_the_power(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "gone").write_bytes(b"there")
    disk = VolatileFilesystem(RealFilesystem())
    disk.write(tmp_path / "new", b"new")
    disk.sync(tmp_path / "new")
    disk.rename(tmp_path / "new", tmp_path / "file")
    disk.remove(tmp_path / "gone")
    disk.cut("names")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert (tmp_path / "gone").read_bytes() == b"there"
    assert not (tmp_path / "new").exists()


def test_a_folder_that_was_synced_keeps_its_names(tmp_path: Path) -> None:
    disk = VolatileFilesystem(RealFilesystem())
    disk.write(tmp_path / "new", b"new")
    disk.sync(tmp_path / "new")
    disk.rename(tmp_path / "new", tmp_path / "file")
    disk.sync(tmp_path)
    disk.cut("names")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_one_folder_may_keep_its_names_while_another_loses_them(tmp_path: Path) -> None:
    disk = VolatileFilesystem(RealFilesystem())
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        disk.write(tmp_path / folder / "file", b"content")
    disk.cut("oldest names")
    assert not (tmp_path / "first" / "file").exists()
    assert (tmp_path / "second" / "file").read_bytes() == b"content"
