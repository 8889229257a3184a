"""Folders of class folders, as people really have them."""

import os
from collections import Counter
from pathlib import Path

import pytest

from sagui.train.datasets.folder import read_folder
from sagui.train.errors import DatasetError


def put(root: Path, *names: str) -> Path:
    """Photos are not opened by what is tested here, so any bytes will do."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode("utf-8", "surrogateescape"))
    return root


def test_each_folder_is_a_class_whatever_lies_below_it(tmp_path: Path) -> None:
    put(tmp_path, "dog/1.jpg", "cat/1.PNG", "cat/old/2.WebP", "cat/old/older/3.Jpeg", "cat/notes.txt")
    dataset = read_folder(tmp_path)
    assert dataset.labels == ("cat", "dog")
    assert {photo.name: photo.label for photo in dataset.photos} == {
        "cat/1.PNG": 0,
        "cat/old/2.WebP": 0,
        "cat/old/older/3.Jpeg": 0,
        "dog/1.jpg": 1,
    }
    assert {(photo.stratum, photo.part, photo.weight, photo.group) for photo in dataset.photos} == {
        ("cat", None, 1.0, ""),
        ("dog", None, 1.0, ""),
    }
    assert all(dataset.path(photo).is_file() for photo in dataset.photos)
    assert dataset.task == "single-label"
    assert dataset.notes == ()


def test_names_of_any_script_are_kept(tmp_path: Path) -> None:
    put(tmp_path, "gato/são joão.png", "犬/写真 1.jpg", "кошка/🐱.png")
    dataset = read_folder(tmp_path)
    assert dataset.labels == ("gato", "кошка", "犬")
    assert {photo.name for photo in dataset.photos} == {"gato/são joão.png", "犬/写真 1.jpg", "кошка/🐱.png"}


def test_hidden_files_and_folders_are_not_photos(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.png", "dog/1.png", "cat/._1.png", "cat/.thumbs/1.png", ".trash/1.png")
    assert [photo.name for photo in read_folder(tmp_path).photos] == ["cat/1.png", "dog/1.png"]


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "elsewhere", "d1.png", "sub/d2.png")
    root = put(tmp_path / "root", "cat/1.png")
    (root / "dog").symlink_to(elsewhere)
    (elsewhere / "sub" / "again").symlink_to(elsewhere)
    (root / "cat" / "up").symlink_to(root)
    (root / "cat" / "self.png").symlink_to("self.png")
    (root / "cat" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    dataset = read_folder(root)
    assert [photo.name for photo in dataset.photos] == ["cat/1.png", "dog/d1.png", "dog/sub/d2.png"]
    assert dataset.notes == (f"{root}: links that lead nowhere were left out: cat/gone.png, cat/self.png.",)


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.png", "dog/1.png", "loose.jpg", "cat/2.HEIC", "dog/3.heic", "dog/4.gif", "labels.csv")
    (tmp_path / "empty").mkdir()
    assert read_folder(tmp_path).notes == (
        f"{tmp_path}: folders without photos are no classes: empty.",
        f"{tmp_path}: 1 photos lie in no class folder and were left out.",
        f"{tmp_path}: photos of other kinds were left out (1 .gif, 2 .heic); convert them to .jpg or .png.",
        f"{tmp_path / 'labels.csv'} was not read; give it instead of the folder if its weights, groups or sets matter.",
    )


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_sets_made_by_a_person_are_kept(tmp_path: Path, validation: str) -> None:
    put(tmp_path, "train/cat/1.png", "train/dog/2.png", "test/cat/3.png", "test/dog/4.png")
    put(tmp_path / validation, "cat/5.png", "dog/a/6.png")
    dataset = read_folder(tmp_path)
    assert dataset.labels == ("cat", "dog")
    assert {photo.name: (photo.label, photo.part) for photo in dataset.photos} == {
        "train/cat/1.png": (0, "train"),
        "train/dog/2.png": (1, "train"),
        "test/cat/3.png": (0, "test"),
        "test/dog/4.png": (1, "test"),
        f"{validation}/cat/5.png": (0, "validation"),
        f"{validation}/dog/a/6.png": (1, "validation"),
    }


def test_train_alone_is_a_class_like_any_other(tmp_path: Path) -> None:
    put(tmp_path, "train/1.png", "bus/1.png")
    dataset = read_folder(tmp_path)
    assert dataset.labels == ("bus", "train")
    assert {photo.part for photo in dataset.photos} == {None}


@pytest.mark.parametrize(
    ("missing_in", "others"), [("train", "val test"), ("validation", "train test"), ("test", "train val")]
)
def test_a_class_missing_in_a_set_is_named(tmp_path: Path, missing_in: str, others: str) -> None:
    put(tmp_path, *(f"{part}/{label}/1.png" for part in ("train", "val", "test") for label in ("cat", "dog")))
    put(tmp_path, *(f"{part}/rare/1.png" for part in others.split()))
    with pytest.raises(DatasetError, match=rf"the {missing_in} set has no photo of class 'rare'; put some there"):
        read_folder(tmp_path)


def test_a_folder_beside_sets_is_not_taken_for_a_class(tmp_path: Path) -> None:
    put(tmp_path, "train/cat/1.png", "val/cat/1.png", "unsorted/1.png")
    with pytest.raises(DatasetError, match=r"unsorted: lies beside folders that are sets of a split; move it away"):
        read_folder(tmp_path)


def test_two_folders_for_one_set_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "train/cat/1.png", "val/cat/1.png", "valid/cat/2.png")
    with pytest.raises(DatasetError, match=r"val and .*valid are both the validation set"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Cat", "cat"), ("cat ", "cat"), ("stop  sign", "stop sign"), ("caf\u00e9", "cafe\u0301")],
)
@pytest.mark.parametrize("parts", [("", ""), ("train/", "val/")])
def test_classes_that_look_alike_are_refused(tmp_path: Path, one: str, other: str, parts: tuple[str, str]) -> None:
    put(tmp_path, f"{parts[0]}{one}/1.png", f"{parts[0]}dog/1.png", f"{parts[1]}{other}/1.png", f"{parts[1]}dog/2.png")
    with pytest.raises(DatasetError, match="differ only by case or space") as caught:
        read_folder(tmp_path)
    assert repr(one) in str(caught.value)
    assert repr(other) in str(caught.value)


def test_space_around_a_folder_name_is_not_part_of_the_class(tmp_path: Path) -> None:
    put(tmp_path, " cat /1.png", "dog/1.png")
    dataset = read_folder(tmp_path)
    assert dataset.labels == ("cat", "dog")
    assert dataset.path(dataset.photos[0]).is_file()


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "no photos"),
        (["photo.png"], "no photos"),
        (["cat/readme.txt"], "no photos"),
        (["cat/1.heic"], "photos of other kinds are there, convert them: 1 .heic"),
        (["train/1.png", "test/2.png"], "no photos"),
        (["cat/1.png", "dog/readme.txt"], "only one class, 'cat'"),
        (["photos/1.png", "labels.csv"], "only one class.*or give the table that is there: .*labels.csv"),
        (["cat/1.png", "a\nb/1.png"], "characters that cannot be shown; rename it"),
        (["cat/1.png", f"{'x' * 201}/1.png"], "201 characters; 200 at most"),
        (["cat/1.png", "   /1.png"], "the label is empty"),
    ],
)
def test_folders_that_cannot_be_learned_from_are_refused(tmp_path: Path, names: list[str], reason: str) -> None:
    put(tmp_path, *names)
    with pytest.raises(DatasetError, match=reason):
        read_folder(tmp_path)


def test_names_that_are_not_utf8_are_shown_so_that_they_can_be_found(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.png", "dog/1.png", os.fsdecode(b"dog/caf\xe9.png"))
    with pytest.raises(DatasetError, match=r"1 names are not UTF-8: dog/caf\\xe9\.png; rename them"):
        read_folder(tmp_path)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "cat/1.png", "dog/locked/1.png")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DatasetError, match=r"dog/locked: cannot be read: Permission denied; make it readable"):
        read_folder(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="gone: no such folder"):
        read_folder(tmp_path / "gone")


def test_a_large_folder_keeps_its_counts(tmp_path: Path) -> None:
    put(tmp_path, *(f"{label}/{number % 7}/{number}.jpg" for label in "abc" for number in range(200)))
    assert Counter(photo.label for photo in read_folder(tmp_path).photos) == {0: 200, 1: 200, 2: 200}
