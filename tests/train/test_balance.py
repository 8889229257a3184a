"""Whether classes are about equally large."""

import pytest

from sagui.train.balance import counts, imbalance
from sagui.train.datasets.port import Photo


def photos(*sizes: int) -> list[Photo]:
    return [Photo(f"{label}/{number}", (label,), "") for label, size in enumerate(sizes) for number in range(size)]


@pytest.mark.parametrize("sizes", [(5, 5, 5), (3, 9, 4), (1, 1, 1)])
def test_up_to_three_times_is_even_enough(sizes: tuple[int, int, int]) -> None:
    assert imbalance(photos(*sizes), ("a", "b", "c")) is None


def test_past_three_times_both_classes_are_named() -> None:
    said = imbalance(photos(6, 19, 8), ("few", "many", "some"))
    assert said is not None
    assert said.startswith("class 'many' has 19 photos and 'few' has 6, 3.2 times as many: ")


def test_an_empty_class_is_named() -> None:
    said = imbalance(photos(6, 0), ("some", "none"))
    assert said is not None
    assert said.startswith("class 'some' has 6 photos and 'none' has 0, but none: ")


def test_each_of_several_labels_counts() -> None:
    several = [Photo("1", (0, 1), ""), Photo("2", (1,), ""), Photo("3", (), "")]
    assert counts(several, ("a", "b", "c")) == (1, 2, 0)
