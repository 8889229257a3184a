"""Photos that look nearly the same are found, and others are not."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.infer.preprocess import read_photo
from sagui.train import near
from sagui.train.datasets import open_dataset
from sagui.train.datasets.port import Photo
from sagui.train.look import perceptual_hash, thumbnail
from sagui.train.near import MAX_DISTANCE, look_same, near_duplicates
from sagui.train.split import clusters

Pixels = npt.NDArray[np.uint8]
SCENES = 60


def scene(seed: int) -> Pixels:
    """A photo of no particular thing: cloudy colours, a few discs, some noise."""
    random = np.random.default_rng(seed)
    height, width = random.integers(150, 400, 2).tolist()
    photo = np.full((height, width, 3), 128, np.float32)
    for cells, strength in ((4, 60), (8, 40), (16, 25), (32, 15)):
        clouds = random.normal(0, strength, (cells, cells, 3)).astype(np.float32)
        photo += cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels = np.clip(photo + random.normal(0, 3, photo.shape), 0, 255).astype(np.uint8)
    for _ in range(6):
        centre, radius = random.integers(0, min(height, width), 2).tolist(), int(random.integers(8, 60))
        cv2.circle(pixels, centre, radius, random.integers(0, 255, 3).tolist(), -1)
    return pixels


def compressed(quality: int) -> Callable[[Pixels], Pixels]:
    def change(photo: Pixels) -> Pixels:
        content = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)

    return change


def resized(factor: float) -> Callable[[Pixels], Pixels]:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return lambda photo: np.asarray(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=method), np.uint8)


def lighter(photo: Pixels) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(photo, beta=25), np.uint8)


def cropped(photo: Pixels) -> Pixels:
    height, width = (round(side / 100) for side in photo.shape[:2])
    return photo[height:-height, width:-width]


def looks(photos: list[Pixels]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    small = np.array([thumbnail(photo) for photo in photos])
    return np.array([perceptual_hash(one) for one in small], np.uint64), small


@pytest.mark.parametrize(
    "change",
    [compressed(40), compressed(90), resized(0.5), resized(1.5), lighter, cropped],
    ids=["jpeg-40", "jpeg-90", "half", "larger", "lighter", "cropped"],
)
def test_changed_copies_are_found(change: Callable[[Pixels], Pixels]) -> None:
    photos = [scene(seed) for seed in range(SCENES)]
    hashes, small = looks(photos + [change(photo) for photo in photos])
    pairs = near_duplicates(hashes, small.__getitem__)
    assert all(second == first + SCENES for first, second in pairs), "different scenes were taken for one"
    assert len(pairs) >= 0.95 * SCENES


def test_cells_photographed_twice_are_found_among_cells_that_look_alike() -> None:
    elpv = open_dataset("elpv")
    # Some modules of ELPV were photographed twice: these 45 cells are there again 542 photos later, some out of focus.
    cells = [*range(1740, 1785), *range(1740 + 542, 1785 + 542)]
    hashes, small = looks([read_photo(elpv.root / f"images/cell{cell}.png") for cell in cells])
    together = groups(
        clusters([Photo(str(cell), (0,), "") for cell in cells], near_duplicates(hashes, small.__getitem__))
    )
    again = sum(any({at, at + 45} <= group for group in together) for at in range(45))
    assert again >= 40
    assert max(map(len, together)) <= 12
    assert len(together) >= 30


def test_equal_hashes_are_not_enough() -> None:
    _, small = looks([scene(1), scene(2), scene(1)])
    assert near_duplicates(np.zeros(3, np.uint64), small.__getitem__) == [(0, 2)]


def test_equal_thumbnails_are_not_enough() -> None:
    _, small = looks([scene(1), scene(1)])
    far = np.array([0, 2 ** (MAX_DISTANCE + 1) - 1], np.uint64)
    assert near_duplicates(far, small.__getitem__) == []


def flat(*colour: int) -> npt.NDArray[np.uint8]:
    return np.broadcast_to(np.array(colour, np.uint8), (1, 32, 32, 3))


@pytest.mark.parametrize(("first", "second"), [((0, 0, 0), (20, 20, 20)), ((200, 40, 40), (190, 30, 30))])
def test_flat_colours_that_are_close_look_the_same(first: tuple[int, int, int], second: tuple[int, int, int]) -> None:
    assert look_same(flat(*first), flat(*second)).tolist() == [True]


@pytest.mark.parametrize(("first", "second"), [((0, 0, 0), (255, 255, 255)), ((255, 0, 0), (0, 0, 255))])
def test_flat_colours_that_differ_do_not(first: tuple[int, int, int], second: tuple[int, int, int]) -> None:
    assert look_same(flat(*first), flat(*second)).tolist() == [False]


def test_correlation_is_numpys() -> None:
    left, right = (np.random.default_rng(seed).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8) for seed in (1, 2))
    mixed = (0.8 * left + 0.2 * right).astype(np.uint8)
    expected = [np.corrcoef(one.ravel(), two.ravel())[0, 1] for one, two in zip(left, mixed, strict=True)]
    for limit in (min(expected) - 0.001, max(expected) + 0.001):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(near, "MIN_CORRELATION", limit)
            assert look_same(left, mixed).all() == (limit < expected[0])


def brute_groups(hashes: list[int], small: npt.NDArray[np.uint8]) -> set[frozenset[int]]:
    photos = [Photo(str(at), (0,), "") for at in range(len(hashes))]
    pairs = [
        (first, second)
        for first in range(len(hashes))
        for second in range(first)
        if (hashes[first] ^ hashes[second]).bit_count() <= MAX_DISTANCE
        and look_same(small[[first]], small[[second]])[0]
    ]
    return groups(clusters(photos, pairs))


def groups(numbers: tuple[int, ...]) -> set[frozenset[int]]:
    return {frozenset(at for at, other in enumerate(numbers) if other == number) for number in numbers}


SMALL = looks([scene(seed) for seed in range(3)])[1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 63), max_size=4), st.integers(0, 2)), max_size=25))
def test_groups_are_those_of_comparing_all_with_all(chosen: list[tuple[int, set[int], int]]) -> None:
    bases = np.random.default_rng(0).integers(0, 2**63, 4).tolist()
    hashes = [bases[base] ^ sum(1 << bit for bit in flipped) for base, flipped, _ in chosen]
    small = SMALL[[look for *_, look in chosen]]
    pairs = near_duplicates(np.array(hashes, np.uint64), small.__getitem__)
    assert all(first < second for first, second in pairs)
    photos = [Photo(str(at), (0,), "") for at in range(len(hashes))]
    assert groups(clusters(photos, pairs)) == brute_groups(hashes, small)


def test_thousands_of_equal_photos_are_linked_without_comparing_all_with_all() -> None:
    compared = [0]

    def thumbnails(positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        compared[0] += len(positions)
        return np.broadcast_to(SMALL[0], (len(positions), 32, 32, 3))

    pairs = near_duplicates(np.full(5000, 7, np.uint64), thumbnails)
    assert len(pairs) == 4999
    assert compared[0] <= 2 * 5000


def test_photos_that_are_all_linked_are_not_walked_again() -> None:
    hashes = np.full(1000, 7, np.uint64)
    links, walks = near._Links(1000), 0
    for left, right in near._neighbours(hashes, hashes, links):
        links.add(left, right, lambda positions: SMALL[0 * positions])
        walks += 1
    assert walks == 1
    assert len(links.pairs()) == 999


@pytest.mark.parametrize("count", [0, 1])
def test_without_two_photos_there_are_no_pairs(count: int) -> None:
    assert near_duplicates(np.zeros(count, np.uint64), SMALL.__getitem__) == []
