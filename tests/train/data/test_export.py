"""What is written out reads back as the same photos, or nothing is written."""

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.data.export import export
from sagui.train.data.layout import RECORD, lay_out
from sagui.train.datasets import Dataset, Part, Photo, Task, open_dataset
from sagui.train.datasets.folder import TABLE
from sagui.train.errors import DatasetError

LABELS = ("cat", "dog", "hot dog")


def dataset(root: Path, photos: list[Photo], task: Task = "single-label") -> Dataset:
    """A dataset whose photos are on the disk; each file holds its own name."""
    for photo in photos:
        path = root / photo.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo.name.encode())
    return Dataset("here", "Here", root, LABELS, tuple(photos), (), task)


def one_each(group: str = "", weight: float = 1.0) -> list[Photo]:
    return [Photo(f"in/{number}.png", (number,), label, group, weight) for number, label in enumerate(LABELS)]


def known(given_dataset: Dataset) -> Counter[tuple[object, ...]]:
    """What is known of each photo, by its content, whatever it is called."""
    return Counter(
        (
            given_dataset.path(photo).read_bytes(),
            tuple(given_dataset.labels[number] for number in photo.labels),
            photo.weight,
            photo.group,
            photo.part,
        )
        for photo in given_dataset.photos
    )


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_photos_become_class_folders(tmp_path: Path) -> None:
    source, out = dataset(tmp_path / "in", one_each()), tmp_path / "new" / "out"
    assert export(source, out) == 3
    assert files(out) == {"cat/0.png", "dog/1.png", "hot dog/2.png", RECORD}
    assert known(open_dataset(str(out))) == known(source)
    assert msgspec.json.decode((out / RECORD).read_bytes()) == {
        "source": "here",
        "title": "Here",
        "task": "single-label",
        "labels": ["cat", "dog", "hot dog"],
        "photos": 3,
        "table": None,
    }


def test_sets_become_folders_when_every_photo_has_one(tmp_path: Path) -> None:
    parts: tuple[Part, ...] = ("train", "validation", "test")
    photos = [
        Photo(f"{part}-{label}.png", (at,), label, part=part) for part in parts for at, label in enumerate(LABELS)
    ]
    source, out = dataset(tmp_path / "in", photos), tmp_path / "out"
    export(source, out)
    assert {path.name for path in out.iterdir()} == {"train", "val", "test", RECORD}
    assert known(open_dataset(str(out))) == known(source)


def test_a_table_keeps_the_sets_that_only_some_photos_have(tmp_path: Path) -> None:
    photos = [*one_each(), *(Photo(f"t{at}.png", (at,), label, part="test") for at, label in enumerate(LABELS))]
    source, out = dataset(tmp_path / "in", photos), tmp_path / "out"
    export(source, out)
    assert files(out) == {f"{LABELS[at]}/{name}{at}.png" for at in range(3) for name in ("", "t")} | {TABLE, RECORD}
    assert known(open_dataset(str(out / TABLE))) == known(source)
    assert {photo.part for photo in open_dataset(str(out)).photos} == {None}


@pytest.mark.parametrize("photos", [one_each(weight=0.1), one_each(group="monday")], ids=["weights", "groups"])
def test_a_table_keeps_weights_and_groups(tmp_path: Path, photos: list[Photo]) -> None:
    source, out = dataset(tmp_path / "in", photos), tmp_path / "out"
    export(source, out)
    assert known(open_dataset(str(out / TABLE))) == known(source)
    folders = open_dataset(str(out))
    assert len(folders.photos) == 3
    assert folders.notes == (
        f"{out / TABLE} was not read; give it instead of the folder if its weights, groups or sets matter.",
    )


def test_several_labels_become_a_table_and_one_folder(tmp_path: Path) -> None:
    photos = [Photo("a.png", (0, 2), ""), Photo("b.png", (), ""), Photo("c/a.png", (1,), "", weight=3.0)]
    source, out = dataset(tmp_path / "in", photos, "multi-label"), tmp_path / "out"
    export(source, out)
    assert files(out) == {"photos/a.png", "photos/b.png", "photos/a-2.png", TABLE, RECORD}
    again = open_dataset(str(out / TABLE))
    assert again.task == "multi-label"
    assert known(again) == known(source)


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    names = ["1.png", "a/1.png", "b/1.PNG", "1-2.png", "c/1-2.png", ".hidden.png", "d/..png"]
    photos = [Photo(name, (0,), "cat") for name in names] + one_each()
    source, out = dataset(tmp_path / "in", photos), tmp_path / "out"
    export(source, out)
    written = {path.name for path in (out / "cat").iterdir()}
    assert len({name.lower() for name in written}) == len(written) == len(names) + 1
    assert known(open_dataset(str(out))) == known(source)


def test_photos_that_no_folder_reader_finds_are_in_the_table(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in", [*one_each(), Photo("scan.tif", (0,), "cat"), Photo("plain", (1,), "dog")])
    export(source, tmp_path / "out")
    assert known(open_dataset(str(tmp_path / "out" / TABLE))) == known(source)


names = st.lists(
    st.text("aB1.- é犬", min_size=1, max_size=6).filter(lambda name: bool(name.strip(". "))), min_size=1, max_size=3
)
AnyPhoto = tuple[str, str, set[int], float, str, Part | None]
tasks: st.SearchStrategy[Task] = st.sampled_from(["single-label", "multi-label"])
photos_of_any_kind: st.SearchStrategy[AnyPhoto] = st.tuples(
    names.map("/".join),
    st.sampled_from([".png", ".JPG", ".webp", ""]),
    st.sets(st.integers(0, 2)),
    st.sampled_from([1.0, 0.5, 1e-9]),
    st.sampled_from(["", "x", "y,z"]),
    st.sampled_from([None, "train"]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(photos_of_any_kind, max_size=8), tasks)
def test_what_was_exported_reads_as_the_same_photos(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[AnyPhoto], task: Task
) -> None:
    root = tmp_path_factory.mktemp("export")
    photos = one_each()
    for at, (name, suffix, numbers, weight, group, part) in enumerate(drawn):
        mine = tuple(sorted(numbers)) if task == "multi-label" else (min(numbers, default=0),)
        photos.append(Photo(f"{at}/{name}{suffix}", mine, "", group, weight, part))
    source = dataset(root / "in", photos, task)
    assert export(source, root / "out") == len(photos)
    table = root / "out" / TABLE
    again = open_dataset(str(table if table.exists() else root / "out"))
    assert known(again) == known(source)
    assert (again.labels, again.task) == (source.labels, source.task)
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("labels", "task", "reason"),
    [
        (("T-shirt/top", "b", "c"), "single-label", r"class 'T-shirt/top' cannot be the name of a folder \(a slash,"),
        (("..", "b", "c"), "single-label", r"class '\.\.' cannot be the name of a folder"),
        ((".cat", "b", "c"), "single-label", r"class '\.cat' cannot be .*; rename the class in the dataset first"),
        (("犬" * 100, "b", "c"), "single-label", "cannot be the name of a folder"),
        (("labels.csv", "b", "c"), "single-label", "class 'labels.csv' cannot be the name of a folder"),
        (("train", "test", "bus"), "single-label", "folders called so would be read as sets of a split; rename one"),
        (("a|b", "b", "c"), "multi-label", r"class 'a\|b' holds \|, which stands between labels; rename the class"),
    ],
)
def test_class_names_that_would_be_lost_are_refused(
    tmp_path: Path, labels: tuple[str, ...], task: Task, reason: str
) -> None:
    source = Dataset("x", "x", tmp_path, labels, tuple(one_each()), (), task)
    with pytest.raises(DatasetError, match=reason):
        lay_out(source)
    with pytest.raises(DatasetError, match=reason):
        export(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_slashes_do_no_harm_where_no_folder_is_needed(tmp_path: Path) -> None:
    source = Dataset(
        "x", "x", tmp_path, ("a/b",), (Photo("1.png", (0,), ""), Photo("2.png", (), "")), (), "multi-label"
    )
    for photo in source.photos:
        source.path(photo).write_bytes(b"")
    export(source, tmp_path / "out")
    assert open_dataset(str(tmp_path / "out" / TABLE)).labels == ("a/b",)


def test_copies_are_files_of_their_own_and_links_are_not(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in", one_each())
    original = source.path(source.photos[0])
    export(source, tmp_path / "copies")
    export(source, tmp_path / "links", link=True)
    assert (tmp_path / "links" / "cat" / "0.png").samefile(original)
    assert not (tmp_path / "copies" / "cat" / "0.png").samefile(original)
    assert known(open_dataset(str(tmp_path / "links"))) == known(open_dataset(str(tmp_path / "copies")))


def test_links_become_copies_where_the_disk_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> NoReturn:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", link)
    source = dataset(tmp_path / "in", one_each())
    export(source, tmp_path / "out", link=True)
    assert known(open_dataset(str(tmp_path / "out"))) == known(source)


def test_a_link_in_the_dataset_becomes_the_photo_it_leads_to(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in", one_each())
    path = source.path(source.photos[0])
    path.rename(tmp_path / "real.png")
    path.symlink_to("../../real.png")
    for out, link in ((tmp_path / "copies", False), (tmp_path / "links", True)):
        export(source, out, link=link)
        assert not (out / "cat" / "0.png").is_symlink()
        assert (out / "cat" / "0.png").read_bytes() == b"in/0.png"


def test_what_is_there_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = dataset(tmp_path / "in", one_each()), tmp_path / "out"
    (out / "mine").mkdir(parents=True)
    with pytest.raises(DatasetError, match="out exists; choose another folder, or replace it with --overwrite"):
        export(source, out)
    with pytest.raises(DatasetError, match=r"out is no export \(no export.json in it\), so it is not replaced"):
        export(source, out, overwrite=True)
    assert files(tmp_path) == {"in/in/0.png", "in/in/1.png", "in/in/2.png"}
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    with pytest.raises(DatasetError, match="file is no export"):
        export(source, file, overwrite=True)
    assert file.read_bytes() == b"mine"
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    with pytest.raises(DatasetError, match="is the folder you are in"):
        export(source, Path())
    monkeypatch.chdir(tmp_path)
    assert export(source, empty) == 3


def test_an_export_is_replaced_whole(tmp_path: Path) -> None:
    source, out = dataset(tmp_path / "in", one_each()), tmp_path / "out"
    export(source, out)
    (out / "cat" / "old.png").write_bytes(b"old")
    export(source, out, overwrite=True)
    assert files(out) == {"cat/0.png", "dog/1.png", "hot dog/2.png", RECORD}
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


def test_an_export_does_not_replace_the_photos_it_is_made_from(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(dataset(tmp_path / "in", one_each()), out)
    before = files(out)
    with pytest.raises(DatasetError, match=r"out holds photos of the dataset \(cat/0.png\); choose another folder"):
        export(open_dataset(str(out)), out, overwrite=True)
    assert files(out) == before


def test_a_photo_that_is_gone_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source, out = dataset(tmp_path / "in", one_each()), tmp_path / "out"
    export(source, out)
    source.path(source.photos[2]).unlink()
    with pytest.raises(DatasetError, match=r"in/in/2.png: the photo is gone; put it back, or remove it"):
        export(source, tmp_path / "other")
    with pytest.raises(DatasetError, match="the photo is gone"):
        export(source, out, overwrite=True)
    assert len(files(out)) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


@pytest.mark.parametrize("at", ["copyfile", "rename"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    source, out = dataset(tmp_path / "in", one_each()), tmp_path / "out"
    export(source, out)
    (out / "cat" / "old.png").write_bytes(b"old")
    rename = Path.rename

    def full(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device", "x.png")

    def rename_old_only(self: Path, target: Path) -> Path:
        return full() if self.name == "new" else rename(self, target)

    if at == "copyfile":
        monkeypatch.setattr(shutil, "copyfile", full)
    else:
        monkeypatch.setattr(Path, "rename", rename_old_only)
    with pytest.raises(
        DatasetError, match=r"out: cannot be written: No space left on device \(x.png\); nothing was kept"
    ):
        export(source, out, overwrite=True)
    assert "cat/old.png" in files(out)
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}
