"""What training makes of the table of guesses."""

from pathlib import Path

import numpy as np

from sagui.device.capture.jpeg import encode_jpeg
from sagui.device.collect.archive import Archive
from sagui.device.collect.rules import Limits
from sagui.train.datasets import open_dataset


def test_training_reads_the_table(tmp_path: Path) -> None:
    archive, jpeg = Archive(tmp_path, Limits()), encode_jpeg(np.zeros((32, 32, 3), np.uint8))
    for time, guess in enumerate(["cat", "dog", "T-shirt/top", "cat"]):
        top = [(guess, 0.5), ("fox", 0.4)]
        archive.keep(jpeg, time, top, guess if time else "unknown", "unsure", "toy 1.2.3", None)
    dataset = open_dataset(str(tmp_path / "collected.csv"))
    assert dataset.labels == ("T-shirt/top", "cat", "dog")
    assert len(dataset.photos) == 4
