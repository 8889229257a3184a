"""Which photos are scored."""

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.samples import FolderReader, Sample, of_dataset, of_run
from sagui.infer.errors import PhotoError
from sagui.train.datasets import Dataset, Photo, open_dataset
from sagui.train.errors import RunError
from sagui.train.run import read_run


@pytest.fixture
def pets() -> Dataset:
    parts = ("train", "train", "validation", "test", None)
    photos = tuple(Photo(f"{at}.png", (at % 2,), "", part=part) for at, part in enumerate(parts))  # type: ignore[arg-type]
    return Dataset("pets", "Pets", Path("/pets"), ("cat", "dog"), photos, ("a note",))


def test_a_set_of_a_dataset_is_taken(pets: Dataset) -> None:
    test = of_dataset(pets, "test")
    assert test.samples == (Sample("3.png", 1),)
    assert (test.labels, test.part, test.notes) == (("cat", "dog"), "test", ("a note",))
    assert len(of_dataset(pets).samples) == 5


def test_photos_that_may_have_been_learned_are_told(pets: Dataset) -> None:
    assert "2 of the photos are of the train set" in of_dataset(pets).notes[1]
    assert "2 of the photos are of the train set" in of_dataset(pets, "train").notes[1]


def test_a_set_that_is_not_there_is_told_with_those_that_are(pets: Dataset) -> None:
    without = pets.only(pets.photos[:3])
    with pytest.raises(ConvertError, match="pets: no photo is in the test set, there are train and validation; leave"):
        of_dataset(without, "test")
    with pytest.raises(ConvertError, match="its photos are not split into sets"):
        of_dataset(pets.only(pets.photos[4:]), "test")


def test_photos_with_several_labels_are_refused(pets: Dataset) -> None:
    with pytest.raises(ConvertError, match="pets: its photos have several labels each"):
        of_dataset(replace(pets, task="multi-label"))


def test_a_photo_that_is_gone_is_no_unreadable_one(tmp_path: Path) -> None:
    # Where several machines score, one that does not see the photos must not make the others seem fewer.
    with pytest.raises(ConvertError, match=rf"{tmp_path}/gone.png: not seen by .* a folder that all machines share"):
        FolderReader(tmp_path).read(Sample("gone.png", 0))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PhotoError, match="cannot be read: Is a directory"):
        FolderReader(tmp_path).read(Sample("folder.png", 0))


def test_photos_of_a_run_are_those_of_its_split(shapes_run: Path) -> None:
    run, test = read_run(shapes_run), of_run(shapes_run)
    assert test.labels == run.labels
    assert [one.name for one in test.samples] == [photo.name for photo in run.split["test"]]
    assert len(of_run(shapes_run, "all").samples) == sum(map(len, run.split.values()))
    assert of_run(shapes_run, "all").notes
    assert not test.notes
    sample = test.samples[0]
    assert test.reader.read(sample) == (Path(run.dataset.root) / sample.name).read_bytes()


def test_a_run_travels_without_its_split(shapes_run: Path) -> None:
    reader = of_run(shapes_run).reader
    assert not reader.run.split  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(reader)).run.labels == ("disc", "square")  # noqa: S301 (our own)


def test_a_photo_of_a_run_that_changed_or_moved_is_told(shapes_run: Path, shapes: Path, tmp_path: Path) -> None:
    shutil.copytree(shapes, tmp_path / "moved")
    moved = of_run(shapes_run, root=tmp_path / "moved")
    sample = moved.samples[0]
    assert moved.reader.read(sample) == (shapes / sample.name).read_bytes()
    (tmp_path / "moved" / sample.name).write_bytes(b"other")
    with pytest.raises(RunError, match="the photo has changed since the training"):
        moved.reader.read(sample)
    with pytest.raises(RunError, match="say where to with --data DIR"):
        of_run(shapes_run, root=tmp_path / "nowhere").reader.read(sample)


def test_a_run_with_several_labels_is_refused(shapes_run: Path, tmp_path: Path) -> None:
    run = msgspec.structs.replace(read_run(shapes_run), task="multi-label")
    (tmp_path / "run.json").write_bytes(msgspec.json.encode(run))
    (tmp_path / "model.keras").touch()
    with pytest.raises(ConvertError, match="its photos have several labels each"):
        of_run(tmp_path)


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a finished run"):
        of_run(tmp_path)


def test_a_folder_of_photos_is_read(shapes: Path) -> None:
    photos = of_dataset(open_dataset(str(shapes)))
    assert len(photos.samples) == 60
    assert {one.truth for one in photos.samples} == {0, 1}
    assert photos.reader.read(photos.samples[0])
