"""Copies are random, within what the recipe allows, and the same for the same seed."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sagui.train.augment import VIEWS, augmented, copies, digest, draw, is_random
from sagui.train.augment.draw import AMOUNTS
from sagui.train.recipe.choices import Augmentation, Views

PHOTO = np.random.default_rng(9).integers(0, 256, (24, 24, 3), dtype=np.uint8)
EVERYTHING = Augmentation(
    views="dihedral",
    rotation=20,
    shift=0.1,
    zoom=0.2,
    brightness=0.1,
    contrast=0.3,
    colour=0.2,
    noise=0.05,
    blur=1.5,
    cutout=0.4,
)
PLAIN = Augmentation(views="none")

choices = st.builds(
    Augmentation,
    views=st.sampled_from(sorted(VIEWS)),
    rotation=st.floats(0, 180),
    shift=st.floats(0, 0.5),
    zoom=st.floats(0, 0.9),
    brightness=st.floats(0, 1),
    contrast=st.floats(0, 1),
    colour=st.floats(0, 1),
    noise=st.floats(0, 0.5),
    blur=st.floats(0, 10),
    cutout=st.floats(0, 0.9),
)


@given(choice=choices, seed=st.integers(0, 2**32 - 1))
def test_any_choice_gives_a_photo_of_the_same_shape(choice: Augmentation, seed: int) -> None:
    copy = augmented(PHOTO, choice, np.random.default_rng(seed))
    assert copy.shape == PHOTO.shape
    assert copy.dtype == np.uint8


@given(choice=choices, seed=st.integers(0, 2**32 - 1))
def test_what_is_drawn_stays_within_the_amounts(choice: Augmentation, seed: int) -> None:
    drawn = draw(choice, np.random.default_rng(seed))
    assert drawn.view in VIEWS[choice.views]
    assert abs(drawn.degrees) <= choice.rotation
    assert max(abs(drawn.right), abs(drawn.down)) <= choice.shift
    assert abs(drawn.scale - 1) <= choice.zoom + 1e-9
    assert abs(drawn.brightness) <= choice.brightness
    assert abs(drawn.contrast - 1) <= choice.contrast + 1e-9
    assert abs(drawn.hue) <= 180 * choice.colour
    assert abs(drawn.saturation - 1) <= choice.colour + 1e-9
    assert 0 <= drawn.noise <= choice.noise
    assert 0 <= drawn.blur <= choice.blur
    assert 0 <= drawn.cutout <= choice.cutout


@pytest.mark.parametrize("views", sorted(VIEWS))
def test_without_amounts_a_copy_is_one_of_the_views_and_all_of_them_come_up(views: Views) -> None:
    expected = {view.of_one(PHOTO).tobytes() for view in VIEWS[views]}
    seen = {copies(PHOTO, Augmentation(views=views), 0, "a", number).tobytes() for number in range(100)}
    assert seen == expected


@pytest.mark.parametrize("name", AMOUNTS)
def test_each_amount_alone_changes_pixels_and_makes_the_choice_random(name: str) -> None:
    choice = replace(PLAIN, **{name: {"rotation": 30.0, "blur": 5.0}.get(name, 0.4)})
    assert is_random(choice)
    copy = copies(PHOTO, choice, 0, "a", 1)
    assert not np.array_equal(copy, PHOTO)


@pytest.mark.parametrize("name", AMOUNTS)
def test_turning_an_amount_off_leaves_what_is_drawn_for_the_others(name: str) -> None:
    full = draw(EVERYTHING, np.random.default_rng(3))
    less = draw(replace(EVERYTHING, **{name: 0.0}), np.random.default_rng(3))
    fields = {
        "rotation": {"degrees"},
        "shift": {"right", "down"},
        "zoom": {"scale"},
        "colour": {"hue", "saturation"},
    }.get(name, {name})
    changed = {field for field in vars(full) if getattr(full, field) != getattr(less, field)}
    assert changed == fields


def test_a_copy_does_not_depend_on_the_order_of_the_photos() -> None:
    forwards = {key: copies(PHOTO, EVERYTHING, 5, key, 0).tobytes() for key in ("a", "b", "c")}
    backwards = {key: copies(PHOTO, EVERYTHING, 5, key, 0).tobytes() for key in ("c", "b", "a")}
    assert forwards == backwards
    assert len(set(forwards.values())) == 3


def test_seed_key_and_number_each_make_another_copy() -> None:
    asked = [(5, "a", 0), (6, "a", 0), (5, "b", 0), (5, "a", 1), (0, "a", 5)]
    made = {copies(PHOTO, EVERYTHING, seed, key, number).tobytes() for seed, key, number in asked}
    assert len(made) == len(asked)


def test_a_copy_never_shares_the_photo_and_leaves_it_alone() -> None:
    before = PHOTO.copy()
    for choice in (PLAIN, Augmentation(views="dihedral"), EVERYTHING):
        for number in range(8):
            copy = copies(PHOTO, choice, 0, "a", number)
            copy[:] = 0
    np.testing.assert_array_equal(PHOTO, before)


def test_photos_need_not_lie_in_one_piece() -> None:
    strided: npt.NDArray[np.uint8] = PHOTO[::-1, ::-1]
    np.testing.assert_array_equal(
        copies(strided, EVERYTHING, 1, "a", 2), copies(np.ascontiguousarray(strided), EVERYTHING, 1, "a", 2)
    )


@pytest.mark.parametrize("name", [*AMOUNTS, "views"])
def test_the_digest_follows_everything_that_changes_pixels(name: str) -> None:
    other = replace(EVERYTHING, **{name: "flips" if name == "views" else getattr(EVERYTHING, name) / 2})
    assert digest(other) != digest(EVERYTHING)


def test_the_digest_leaves_out_what_happens_after_the_copy() -> None:
    assert digest(replace(EVERYTHING, copies=7, mixup=0.3)) == digest(EVERYTHING)
    assert digest(replace(EVERYTHING, rotation=20.0)) == digest(replace(EVERYTHING, rotation=20))
    assert "/" not in digest(EVERYTHING)


def test_views_and_mixup_alone_are_not_random_copies() -> None:
    assert not is_random(Augmentation(views="dihedral", mixup=0.5, copies=4))


def test_every_key_of_the_recipe_is_drawn_or_known_to_come_later() -> None:
    assert {*AMOUNTS, "views", "copies", "mixup"} == set(Augmentation.__struct_fields__)
