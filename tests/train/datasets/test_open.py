"""What a person writes, and the dataset that is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sagui.progress.port import Advance
from sagui.train import datasets
from sagui.train.datasets import Dataset, open_dataset
from sagui.train.errors import DatasetError


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("cat/1.png", "dog/1.png"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True)
        (tmp_path / "pets" / name).write_bytes(b"photo")
    (tmp_path / "pets" / "labels.csv").write_text("path,labels\ncat/1.png,pet|cat\ndog/1.png,pet\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Listening:
    """A progress that remembers what was done."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[Advance]:  # noqa: ARG002 (the port's)
        steps: list[int] = []

        def advance(steps_done: int = 1, note: str = "") -> None:
            steps.append(steps_done)

        yield advance  # type: ignore[misc]
        self.done.append((what, sum(steps)))

    def say(self, line: str) -> None:
        pass


def test_a_folder_is_class_folders(photos: Path) -> None:
    assert open_dataset("pets").labels == ("cat", "dog")
    assert open_dataset(str(photos / "pets")).root == photos / "pets"


@pytest.mark.parametrize("name", ["labels.csv", "labels.TSV"])
def test_a_table_is_known_by_its_suffix(photos: Path, name: str) -> None:
    text = (photos / "pets" / "labels.csv").read_text()
    (photos / "pets" / name).write_text(text.replace(",", "\t") if "TSV" in name else text)
    progress = Listening()
    assert open_dataset(f"pets/{name}", progress=progress).task == "multi-label"
    assert progress.done == [("Find the photos", 2)]


def test_a_folder_called_like_a_table_is_a_folder(photos: Path) -> None:
    (photos / "pets").rename(photos / "pets.csv")
    assert open_dataset("pets.csv").labels == ("cat", "dog")


def test_elpv_is_elpv_wherever_one_stands(photos: Path) -> None:
    (photos / "pets").rename(photos / "elpv")
    assert open_dataset("elpv").title == "ELPV solar cells"
    assert open_dataset("./elpv").labels == ("cat", "dog")


@pytest.mark.parametrize(
    ("source", "name", "file"),
    [
        ("keras:mnist", "mnist", None),
        ("keras:cifar10=~/a=b.tar.gz", "cifar10", Path("~/a=b.tar.gz").expanduser()),
        ("keras:", "", None),
    ],
)
def test_keras_datasets_are_asked_for_by_name_and_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str, file: Path | None
) -> None:
    asked: list[object] = []

    def read_keras(*arguments: object) -> Dataset:
        asked.extend(arguments)
        return Dataset("x", "x", tmp_path, (), ())

    monkeypatch.setattr(datasets, "read_keras", read_keras)
    monkeypatch.setenv("SAGUI_CACHE", str(tmp_path / "chosen"))
    progress = Listening()
    open_dataset(source, progress=progress)
    assert asked == [name, file, tmp_path / "chosen", progress]
    asked.clear()
    open_dataset(source, tmp_path / "given")
    assert asked[2] == tmp_path / "given"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("gone", "gone: no such folder or table; give a folder with one folder of photos for each class, a .csv or"),
        ("pets/cat/1.png", "pets/cat/1.png: not a folder, and no .csv or .tsv table; give a folder"),
        ("gone.csv", "gone.csv: cannot be read: No such file or directory"),
        ("keras:cifar", "no dataset keras:cifar; did you mean keras:cifar10? There are:"),
        ("keras:", "no dataset keras:; There are: keras:fashion-mnist, keras:cifar10, keras:mnist"),
    ],
)
def test_what_is_nothing_of_that_is_refused_with_what_there_is(photos: Path, source: str, reason: str) -> None:
    with pytest.raises(DatasetError) as caught:
        open_dataset(source)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
