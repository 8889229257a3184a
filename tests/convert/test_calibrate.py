"""The representative photos: every class, the whole range of pixels."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.calibrate import check_count, choose_photos, representative
from sagui.convert.errors import CalibrationError
from sagui.train.run import SplitPhoto


def photos(*sizes: int) -> list[SplitPhoto]:
    return [
        SplitPhoto(name=f"{label}-{number}", labels=(label,), sha256="")
        for label, size in enumerate(sizes)
        for number in range(size)
    ]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(1, 100), st.integers(0, 5))
def test_calibration_photos_are_spread_over_the_classes(sizes: list[int], count: int, seed: int) -> None:
    chosen = choose_photos(photos(*sizes), count, seed)
    assert len({photo.name for photo in chosen}) == len(chosen) == min(count, sum(sizes))
    counts = Counter(photo.label for photo in chosen)
    short = [label for label, size in enumerate(sizes) if counts[label] < size]
    # Who gives less than it has, gives as much as anyone, give or take one.
    assert all(counts[label] >= max(counts.values()) - 1 for label in short)


def test_the_same_seed_chooses_the_same_photos() -> None:
    assert choose_photos(photos(30, 30), 10, 1) == choose_photos(photos(30, 30), 10, 1)
    assert choose_photos(photos(30, 30), 10, 1) != choose_photos(photos(30, 30), 10, 2)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_calibration_covers_the_full_range_of_pixels(dtype: str) -> None:
    dark = [np.full((4, 4, 3), 90, np.uint8)] * 3
    batches = [batch for (batch,) in representative(dark, dtype)()]
    assert {(batch.shape, str(batch.dtype)) for batch in batches} == {((1, 4, 4, 3), dtype)}
    assert (batches[0].min(), batches[0].max()) == (0, 255)
    assert dark[0].min() == 90  # the photo itself is as it was


def test_fewer_photos_than_classes_are_refused() -> None:
    check_count(photos(5, 5, 5), "abc", 3)
    with pytest.raises(CalibrationError, match="--calibration 2: fewer photos than the 3 classes"):
        check_count(photos(5, 5, 5), "abc", 2)


def test_a_class_without_training_photos_is_named() -> None:
    with pytest.raises(CalibrationError, match="no training photo of class 'b'"):
        check_count(photos(5, 0, 5), "abc", 10)
