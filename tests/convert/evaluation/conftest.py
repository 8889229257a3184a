"""Photos of one colour in class folders, and models that name colours."""

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

COLOURS = ("red", "green", "blue")
MakeFolder = Callable[..., Path]


@pytest.fixture
def colour_folder(make_photo: Callable[..., object], tmp_path: Path) -> MakeFolder:
    """Writes ``FOLDER/CLASS/NUMBER.png`` with photos of the colours that are named for each class."""

    def make(name: str = "photos", **classes: list[str]) -> Path:
        for label, shown in classes.items():
            folder = tmp_path / name / label
            folder.mkdir(parents=True)
            for number, colour in enumerate(shown):
                cv2.imwrite(str(folder / f"{number}.png"), make_photo(colour, 40)[..., ::-1])  # type: ignore[index]
        return tmp_path / name

    return make


@pytest.fixture
def toy_file(toy_tflite: bytes, tmp_path: Path) -> Path:
    """A TFLite file without labels, of another maker as far as sagui knows."""
    path = tmp_path / "toy.tflite"
    path.write_bytes(toy_tflite)
    return path


@pytest.fixture
def colour_labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.txt"
    path.write_text("red\ngreen\nblue\n")
    return path
