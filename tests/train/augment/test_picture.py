"""The picture of sixteen shows photos and copies, and says what was done."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sagui.infer.preprocess import decode_photo
from sagui.train.augment.picture import in_words, picture_of_16
from sagui.train.recipe.choices import Augmentation

COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30))


def plain(colour: tuple[int, int, int], side: int = 48) -> npt.NDArray[np.uint8]:
    return np.full((side, side, 3), colour, np.uint8)


def areas(picture: npt.NDArray[np.uint8]) -> list[int]:
    """How many separate patches there are of each photo's colour."""
    found = []
    for colour in COLOURS:
        mask = np.all(abs(picture.astype(int) - colour) < 10, axis=-1).astype(np.uint8)
        _, _, statistics, _ = cv2.connectedComponentsWithStats(mask)
        found.append(int((statistics[1:, cv2.CC_STAT_AREA] > 500).sum()))
    return found


def test_each_photo_has_a_row_of_four() -> None:
    png = picture_of_16([plain(colour) for colour in COLOURS], Augmentation(views="none"), 0)
    assert areas(decode_photo(png)) == [4, 4, 4, 4]


def test_few_photos_are_shown_again_and_many_are_left_out() -> None:
    two = picture_of_16([plain(colour) for colour in COLOURS[:2]], Augmentation(views="none"), 0)
    assert areas(decode_photo(two)) == [8, 8, 0, 0]
    six = picture_of_16([plain(colour) for colour in (*COLOURS, (9, 9, 9), (90, 90, 90))], Augmentation(), 0)
    assert areas(decode_photo(six)) == [4, 4, 4, 4]


def test_the_first_column_is_left_as_it_is() -> None:
    lit = Augmentation(views="none", brightness=1.0)
    picture = decode_photo(picture_of_16([plain(colour) for colour in COLOURS], lit, 1))
    assert areas(picture[:, : picture.shape[1] // 4]) == [1, 1, 1, 1]
    assert sum(areas(picture)) < 16


def test_the_same_seed_draws_the_same_picture() -> None:
    choice = Augmentation(cutout=0.5)
    photos = [plain(colour) for colour in COLOURS]
    assert picture_of_16(photos, choice, 3) == picture_of_16(photos, choice, 3)
    assert picture_of_16(photos, choice, 3) != picture_of_16(photos, choice, 4)


def test_no_photo_is_refused() -> None:
    with pytest.raises(ValueError, match="no photo"):
        picture_of_16([], Augmentation(), 0)


def test_the_title_says_what_copies_may_be_and_no_more() -> None:
    assert in_words(Augmentation(views="none")) == "Copies are the photo itself"
    assert in_words(Augmentation(views="mirror", rotation=15)) == "Copies are mirrored or not; turned by up to 15°"
    assert "mixed in pairs, which is not shown" in in_words(Augmentation(mixup=0.2))
