"""Views are exact: pixels change places, never values."""

import numpy as np
import pytest

from sagui.train.augment import VIEWS

PHOTO = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)


def test_the_first_view_is_the_photo_as_it_is() -> None:
    for views in VIEWS.values():
        np.testing.assert_array_equal(views[0].of_one(PHOTO), PHOTO)


@pytest.mark.parametrize(("name", "count"), [("none", 1), ("mirror", 2), ("flips", 4), ("dihedral", 8)])
def test_all_views_of_a_kind_differ(name: str, count: int) -> None:
    views = VIEWS[name]  # type: ignore[index]
    assert len({view.of_one(PHOTO).tobytes() for view in views}) == len(views) == count
    assert len({view.name for view in views}) == count


def test_a_batch_is_turned_photo_by_photo() -> None:
    batch = np.stack([PHOTO, PHOTO[::-1]])
    for view in VIEWS["dihedral"]:
        np.testing.assert_array_equal(view.of(batch)[1], view.of_one(batch[1]))


def test_mirror_swaps_left_and_right_and_flips_also_up_and_down() -> None:
    np.testing.assert_array_equal(VIEWS["mirror"][1].of_one(PHOTO), PHOTO[:, ::-1])
    flipped = {view.of_one(PHOTO).tobytes() for view in VIEWS["flips"]}
    assert np.ascontiguousarray(PHOTO[::-1]).tobytes() in flipped
