"""What is found in photos before anything is learned from them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from sagui.bundle.manifest import InputSpec
from sagui.train.audit import audit
from sagui.train.bursts import Taken
from sagui.train.datasets.port import Dataset, Photo
from sagui.train.errors import DatasetError
from sagui.train.near import near_duplicates

SPEC = InputSpec(height=8, width=8)


def picture(seed: int, height: int = 40, width: int = 44) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def put(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
    return path


def two_classes(root: Path, count: int = 20) -> Path:
    for number in range(count):
        put(root / "cat" / f"{number}.png", picture(number))
        put(root / "dog" / "puppies" / f"{number}.jpg", picture(1000 + number))
    return root


def dataset(root: Path, labels: Sequence[str] = ("cat", "dog")) -> Dataset:
    photos = tuple(
        Photo(path.relative_to(root).as_posix(), (labels.index(path.relative_to(root).parts[0]),), "")
        for path in sorted(root.rglob("*.*"))
    )
    return Dataset("pets", "Pets", root, tuple(labels), photos)


def damaged(root: Path) -> dict[str, str]:
    """Puts four photos into a folder that cannot be used, and tells why each."""
    (root / "cat" / "empty.jpg").write_bytes(b"")
    (root / "cat" / "text.jpg").write_text("this is text")
    Image.fromarray(picture(0, 64, 64)).save(root / "cat" / "cut.jpg")
    Image.fromarray(picture(0, 64, 64)).save(root / "cat" / "cut.png")
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
    data = two_classes(tmp_path / "data", 60)
    reasons = damaged(data)
    found = audit(dataset(data), SPEC, tmp_path / "cache")
    assert found.unreadable.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert any(part in found.unreadable[name] for part in reason.split("|")), found.unreadable[name]
    assert len(found.photos) == 120
    assert [line for line in found.lines() if line.startswith("left out cat/empty.jpg: ")]
    # They are not in the cache either: the second look finds them as well.
    again = audit(dataset(data), SPEC, tmp_path / "cache")
    assert again.unreadable == found.unreadable


def test_a_photo_that_is_gone_is_named(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data", 20)
    photos = dataset(data)
    (data / "cat" / "3.png").unlink()
    assert audit(photos, SPEC, tmp_path / "cache").unreadable == {
        "cat/3.png": "cannot be read: No such file or directory"
    }


def test_too_many_damaged_photos_are_refused(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data", 10)
    damaged(data)
    with pytest.raises(
        DatasetError, match=r"4 of 24 photos cannot be read, more than 5%: cat/cut.jpg: .*inspect pets$"
    ):
        audit(dataset(data), SPEC, tmp_path / "cache")


def test_copies_are_left_out(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data")
    (data / "cat" / "z-copy.png").write_bytes((data / "cat" / "3.png").read_bytes())
    (data / "dog" / "a-cat.png").write_bytes((data / "cat" / "4.png").read_bytes())
    found = audit(dataset(data), SPEC, tmp_path / "cache")
    assert found.duplicates == ("cat/z-copy.png",)
    assert set(found.contradictions) == {"cat/4.png", "dog/a-cat.png"}
    assert len(found.photos) == len(set(found.keys)) == 39
    assert "1 photo left out, the same file is there under another name: cat/z-copy.png" in found.lines()
    assert "2 photos left out, the same file is there under another label: cat/4.png, dog/a-cat.png" in found.lines()


def twice(root: Path, first: tuple[int, ...], second: tuple[int, ...]) -> Dataset:
    """One file under two names and two sets of labels."""
    for name in ("1.png", "2.png"):
        put(root / name, picture(1))
    return Dataset("", "", root, ("a", "b"), (Photo("1.png", first, ""), Photo("2.png", second, "")))


def test_sets_of_labels_agree_whatever_their_order(tmp_path: Path) -> None:
    found = audit(twice(tmp_path / "data", (0, 1), (1, 0)), SPEC, tmp_path / "cache")
    assert (found.contradictions, found.duplicates) == ((), ("2.png",))


@pytest.mark.parametrize(("first", "second"), [((0,), (0, 1)), ((), (1,)), ((0,), (1,))])
def test_different_sets_of_labels_contradict_each_other(
    tmp_path: Path, first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    found = audit(twice(tmp_path / "data", first, second), SPEC, tmp_path / "cache")
    assert (found.contradictions, found.duplicates) == (("1.png", "2.png"), ())
    assert found.photos == ()


def test_tiny_and_small_photos_are_named_and_kept(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data", 3)
    put(data / "cat" / "tiny.png", picture(50, 31, 200))
    put(data / "cat" / "enough.png", picture(51, 32, 32))
    found = audit(dataset(data), InputSpec(height=82, width=90), tmp_path / "cache")
    assert found.tiny == ("cat/tiny.png",)
    # Half of the network's shorter side is 41 pixels; all others here are 40 high.
    assert len(found.small) == len(found.photos) == 8
    found = audit(dataset(data), InputSpec(height=80, width=90), tmp_path / "cache")
    assert found.small == ("cat/enough.png", "cat/tiny.png")
    assert "1 photo kept, but tiny: a side under 32 pixels: cat/tiny.png" in found.lines()
    assert "half of the network's input: cat/enough.png, cat/tiny.png" in found.lines()[-1]


def test_nothing_is_said_of_good_photos(tmp_path: Path) -> None:
    assert audit(dataset(two_classes(tmp_path / "data")), SPEC, tmp_path / "cache").lines() == []


def test_long_lists_are_cut_short(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data", 150)
    for number in range(12):
        (data / "cat" / f"broken{number:02}.jpg").write_bytes(b"no photo")
        (data / "cat" / f"copy{number:02}.png").write_bytes((data / "cat" / f"{number}.png").read_bytes())
    lines = audit(dataset(data), SPEC, tmp_path / "cache").lines()
    assert "left out 2 more photos that cannot be read" in lines
    assert lines[-1].startswith("12 photos left out, the same file is there")
    assert lines[-1].endswith(" and 2 more")


def test_pixels_are_kept_by_content(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data")
    found = audit(dataset(data), SPEC, tmp_path / "cache")
    assert found.keys[0] == hashlib.sha256((data / found.photos[0].name).read_bytes()).hexdigest()
    assert found.pixels.take(found.keys).shape == (40, 8, 8, 3)
    put(data / "cat" / "new.png", picture(5000))
    more = audit(dataset(data), SPEC, tmp_path / "cache")
    assert len(more.pixels) == len(found.pixels) + 1
    assert np.array_equal(more.pixels.take(found.keys), found.pixels.take(found.keys))


def test_the_fingerprint_knows_content_and_class_but_not_order(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data")
    first = audit(dataset(data), SPEC, tmp_path / "cache").fingerprint()
    (data / "cat" / "3.png").rename(data / "cat" / "zzz.png")
    assert audit(dataset(data), SPEC, tmp_path / "cache").fingerprint() == first
    (data / "cat" / "zzz.png").rename(data / "dog" / "3.png")
    assert audit(dataset(data), SPEC, tmp_path / "cache").fingerprint() != first


def test_the_fingerprint_is_the_one_of_older_runs(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data", 2)
    found = audit(dataset(data), SPEC, tmp_path / "cache")
    lines = sorted(f"{key} {photo.label}" for key, photo in zip(found.keys, found.photos, strict=True))
    assert found.fingerprint() == hashlib.sha256("\n".join(lines).encode()).hexdigest()


def test_looks_are_of_the_photos_that_are_kept(tmp_path: Path) -> None:
    data = two_classes(tmp_path / "data", 4)
    (data / "cat" / "a-copy.png").write_bytes((data / "dog" / "puppies" / "0.jpg").read_bytes())
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Trap"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "1970:01:01 00:00:02"
    smooth = cv2.resize(picture(7, 6, 6), (300, 200), interpolation=cv2.INTER_CUBIC)
    Image.fromarray(smooth).save(data / "dog" / "shot.jpg", exif=exif)
    put(data / "cat" / "again.jpg", cv2.resize(smooth[..., ::-1], (150, 100), interpolation=cv2.INTER_AREA))
    for _ in range(2):  # the second time from the cache
        found = audit(dataset(data), SPEC, tmp_path / "cache")
        names = [photo.name for photo in found.photos]
        shot, again = names.index("dog/shot.jpg"), names.index("cat/again.jpg")
        assert "cat/a-copy.png" not in names
        assert found.looks.taken[shot] == Taken("Trap", 2000)
        assert [when for when in found.looks.taken if when] == [Taken("Trap", 2000)]
        assert found.looks.sizes[[shot, again]].tolist() == [[200, 300], [100, 150]]
        assert near_duplicates(found.looks.hashes, found.looks.thumbnails) == [(again, shot)]
