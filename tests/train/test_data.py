"""From files on a disk to three sets that share none."""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sagui.bundle.manifest import InputSpec
from sagui.train.audit import audit
from sagui.train.datasets import Photo, open_dataset
from sagui.train.errors import DatasetError, TrainError
from sagui.train.split import split
from sagui.train.store import RecordStore

SPEC = InputSpec(height=8, width=8)


def put(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.random.default_rng(seed).integers(0, 255, (12, 10, 3), dtype=np.uint8)
    cv2.imwrite(str(path), picture)
    return path


def two_classes(root: Path, count: int = 20) -> Path:
    for number in range(count):
        put(root / "cat" / f"{number}.png", number)
        put(root / "dog" / "puppies" / f"{number}.jpg", 1000 + number)
    return root


def test_class_folders_are_classes(tmp_path: Path) -> None:
    two_classes(tmp_path)
    put(tmp_path / "cat" / "big.BMP", 1)
    put(tmp_path / "cat" / "web.webp", 2)
    (tmp_path / "cat" / "notes.txt").write_text("not a photo")
    (tmp_path / "cat" / "._hidden.png").write_text("of another system")
    (tmp_path / ".git").mkdir()
    dataset = open_dataset(str(tmp_path))
    assert dataset.labels == ("cat", "dog")
    assert Counter(photo.label for photo in dataset.photos) == {0: 22, 1: 20}
    assert "dog/puppies/3.jpg" in {photo.name for photo in dataset.photos}


def test_elpv_is_the_dataset_of_the_paper() -> None:
    dataset = open_dataset("elpv")
    assert dataset.labels == ("functional", "defective")
    # Deitsch et al. 2019, table 1: 1508 functional, 295 doubtful, 106 likely, 715 surely defective.
    assert Counter(photo.label for photo in dataset.photos) == {0: 1508 + 295, 1: 106 + 715}
    assert len({photo.stratum for photo in dataset.photos}) == 8
    assert dataset.path(dataset.photos[0]).is_file()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([], "no photos"),
        (["photo.png"], "no photos"),
        (["cat/1.png", "cat/2.png"], "only one class, 'cat'"),
        (["cat/1.png", "dog/readme.txt"], "only one class, 'cat'"),
    ],
)
def test_folders_that_cannot_be_learned_from_are_refused(tmp_path: Path, files: list[str], reason: str) -> None:
    for number, name in enumerate(files):
        path = put(tmp_path / name if name.endswith("png") else tmp_path / "x.png", number)
        if not name.endswith("png"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            path.rename(tmp_path / name)
    with pytest.raises(DatasetError, match=reason):
        open_dataset(str(tmp_path))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gone: no such folder"):
        open_dataset(str(tmp_path / "gone"))


def damaged(root: Path) -> dict[str, str]:
    """Puts four photos into a folder that cannot be used, and tells why each."""
    (root / "cat" / "empty.jpg").write_bytes(b"")
    (root / "cat" / "text.jpg").write_text("this is text")
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "cat" / "cut.jpg")
    Image.fromarray(noise).save(root / "cat" / "cut.png")
    for name in ("cut.jpg", "cut.png"):
        whole = (root / "cat" / name).read_bytes()
        (root / "cat" / name).write_bytes(whole[: len(whole) // 2])
    return {
        "cat/empty.jpg": "empty",
        "cat/text.jpg": "not a photo",
        "cat/cut.jpg": "damaged|not a photo",
        "cat/cut.png": "damaged|not a photo",
    }


def test_damaged_photos_are_named_and_left_out(tmp_path: Path) -> None:
    two_classes(tmp_path / "data", 60)
    reasons = damaged(tmp_path / "data")
    found = audit(open_dataset(str(tmp_path / "data")), SPEC, tmp_path / "cache")
    assert found.unreadable.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert any(part in found.unreadable[name] for part in reason.split("|")), found.unreadable[name]
    assert len(found.photos) == 120
    # They are not in the cache either: the second look finds them as well.
    again = audit(open_dataset(str(tmp_path / "data")), SPEC, tmp_path / "cache")
    assert again.unreadable == found.unreadable


def test_too_many_damaged_photos_are_refused(tmp_path: Path) -> None:
    two_classes(tmp_path / "data", 10)
    damaged(tmp_path / "data")
    with pytest.raises(DatasetError, match=r"4 of 24 photos cannot be read, more than 5%: cat/cut.jpg: "):
        audit(open_dataset(str(tmp_path / "data")), SPEC, tmp_path / "cache")


def test_copies_are_left_out(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data")
    (data / "cat" / "z-copy.png").write_bytes((data / "cat" / "3.png").read_bytes())
    (data / "dog" / "a-cat.png").write_bytes((data / "cat" / "4.png").read_bytes())
    found = audit(open_dataset(str(data)), SPEC, tmp_path / "cache")
    assert found.duplicates == ("cat/z-copy.png",)
    assert set(found.contradictions) == {"cat/4.png", "dog/a-cat.png"}
    assert len(found.photos) == len(set(found.keys)) == 39


def test_pixels_are_kept_by_content(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data")
    found = audit(open_dataset(str(data)), SPEC, tmp_path / "cache")
    assert found.keys[0] == hashlib.sha256((data / found.photos[0].name).read_bytes()).hexdigest()
    assert found.pixels.take(found.keys).shape == (40, 8, 8, 3)
    put(data / "cat" / "new.png", 5000)
    more = audit(open_dataset(str(data)), SPEC, tmp_path / "cache")
    assert len(more.pixels) == len(found.pixels) + 1
    assert np.array_equal(more.pixels.take(found.keys), found.pixels.take(found.keys))


def test_the_fingerprint_knows_content_and_class_but_not_order(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data")
    first = audit(open_dataset(str(data)), SPEC, tmp_path / "cache").fingerprint()
    (data / "cat" / "3.png").rename(data / "cat" / "zzz.png")
    assert audit(open_dataset(str(data)), SPEC, tmp_path / "cache").fingerprint() == first
    (data / "cat" / "zzz.png").rename(data / "dog" / "3.png")
    assert audit(open_dataset(str(data)), SPEC, tmp_path / "cache").fingerprint() != first


def photos(sizes: list[tuple[int, int]]) -> list[Photo]:
    """For each (label, photos), a stratum."""
    return [
        Photo(f"{stratum}/{number}", label, str(stratum))
        for stratum, (label, count) in enumerate(sizes)
        for number in range(count)
    ]


strata = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=6)


@settings(deadline=None)
@given(strata, st.floats(0.1, 0.4), st.floats(0.1, 0.4), st.integers(0, 3))
def test_a_split_is_a_partition_spread_evenly(
    sizes: list[tuple[int, int]], test_share: float, validation_share: float, seed: int
) -> None:
    # Ten photos of each class, so that it can be split at all.
    given_photos = photos([*sizes, (0, 20), (1, 20), (2, 20)])
    result = split(given_photos, ("a", "b", "c"), test_share, validation_share, seed)
    assert sorted(result.train + result.validation + result.test) == list(range(len(given_photos)))
    for label in range(3):
        total = sum(photo.label == label for photo in given_photos)
        tested = sum(given_photos[at].label == label for at in result.test)
        assert abs(tested - total * test_share) <= 1
    for stratum in {photo.stratum for photo in given_photos}:
        total = sum(photo.stratum == stratum for photo in given_photos)
        tested = sum(given_photos[at].stratum == stratum for at in result.test)
        assert abs(tested - total * test_share) <= 1.5


def test_a_split_depends_on_seed_and_names_alone() -> None:
    given_photos = photos([(0, 40), (1, 40)])

    def tested(order: list[Photo], seed: int) -> set[str]:
        return {order[at].name for at in split(order, ("a", "b"), 0.25, 0.2, seed).test}

    assert tested(given_photos, 1) == tested(given_photos[::-1], 1)
    assert tested(given_photos, 1) != tested(given_photos, 2)


def test_a_class_too_small_to_split_is_named() -> None:
    with pytest.raises(DatasetError, match=r"class 'rare' has 2 photos.*too few to split"):
        split(photos([(0, 40), (1, 2)]), ("common", "rare"), 0.25, 0.15, 0)


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
