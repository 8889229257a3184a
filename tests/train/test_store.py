"""Arrays by content: what is kept when writers die, meet, or run out of room."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sagui.train.errors import TrainError
from sagui.train.store import RecordStore


def test_a_store_survives_a_writer_that_died(tmp_path: Path) -> None:
    store = RecordStore(tmp_path, (2,), "float32")
    with store.writing() as writer:
        writer.add(["a", "b"], np.array([[1, 2], [3, 4]]))
    with (tmp_path / "records.bin").open("ab") as file:
        file.write(b"\x00" * 5)  # half an array, and no name for it
    again = RecordStore(tmp_path, (2,), "float32")
    with again.writing() as writer:
        writer.add(["c", "a"], np.array([[5, 6], [9, 9]]))
    last = RecordStore(tmp_path, (2,), "float32")
    assert last.take(["c", "a", "b"]).tolist() == [[5, 6], [1, 2], [3, 4]]


def test_a_store_survives_a_name_without_an_array(tmp_path: Path) -> None:
    (tmp_path / "keys.txt").write_text("a\nb\nhalf")
    (tmp_path / "records.bin").write_bytes(np.array([1, 2], "<f4").tobytes())
    store = RecordStore(tmp_path, (2,), "float32")
    assert "a" in store
    assert store.missing(["a", "b", "b"]) == [1]


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from sagui.train.store import RecordStore\n"
        f"store = RecordStore(Path({str(tmp_path)!r}), (64,), 'float32')\n"
        "for number in range(50):\n"
        "    with store.writing() as writer:\n"
        "        writer.add([f'{sys.argv[1]}{number}'], np.full((1, 64), int(sys.argv[2]) + number))\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, name, base]) for name, base in (("a", "0"), ("b", "500"))]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    store = RecordStore(tmp_path, (64,), "float32")
    assert len(store) == 100
    for number in range(50):
        assert (store.take([f"a{number}", f"b{number}"]) == [[number], [500 + number]]).all()


def test_a_full_disk_is_said_in_one_line(tmp_path: Path) -> None:
    code = (
        "import resource, numpy as np; from pathlib import Path; from sagui.train.store import RecordStore\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        f"store = RecordStore(Path({str(tmp_path)!r}), (1000,), 'float32')\n"
        "with store.writing() as writer: writer.add(['a', 'b'], np.zeros((2, 1000)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert TrainError.__name__ in done.stderr
    assert "the cache cannot be written" in done.stderr
    # What was whole stays usable.
    assert RecordStore(tmp_path, (1000,), "float32").missing(["a", "b"]) == [1]


def test_a_cache_that_was_cut_short_is_named(tmp_path: Path) -> None:
    store = RecordStore(tmp_path / "cut", (4,), "float32")
    with store.writing() as writer:
        writer.add(["a", "b"], np.zeros((2, 4), np.float32))
    (tmp_path / "cut" / "records.bin").write_bytes(b"\0" * 20)
    with pytest.raises(TrainError, match=r"the cache is damaged; delete .*cut and try again"):
        store.take(["a", "b"])
