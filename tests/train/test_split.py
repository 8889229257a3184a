"""Three sets that share no photo, and no scene."""

import hashlib
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.datasets import open_dataset
from sagui.train.datasets.port import Part, Photo
from sagui.train.errors import DatasetError, RecipeError
from sagui.train.recipe.choices import SplitChoice
from sagui.train.split import Split, clusters, folds, leakage, split

LABELS = ("a", "b", "c")
DEFAULT = SplitChoice()


def photos(sizes: Sequence[tuple[int, int]], part: Part | None = None) -> list[Photo]:
    """For each (label, photos), a stratum."""
    return [
        Photo(f"{part or ''}{stratum}/{number}", (label,), str(stratum), part=part)
        for stratum, (label, count) in enumerate(sizes)
        for number in range(count)
    ]


def alone(given_photos: Sequence[Photo], labels: Sequence[str] = LABELS, seed: int = 0) -> Split:
    return split(given_photos, labels, DEFAULT, seed, range(len(given_photos)))


def names(given_photos: Sequence[Photo], positions: Sequence[int]) -> set[str]:
    return {given_photos[at].name for at in positions}


def digest(parts: Split) -> str:
    return hashlib.sha256(repr((parts.train, parts.validation, parts.test)).encode()).hexdigest()[:16]


strata = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=6)
shares = st.floats(0.1, 0.4)


@settings(deadline=None)
@given(strata, shares, shares, st.integers(0, 3))
def test_a_split_is_a_partition_spread_evenly(
    sizes: list[tuple[int, int]], test_share: float, validation_share: float, seed: int
) -> None:
    # Twenty photos of each class, so that it can be split at all.
    given_photos = photos([*sizes, (0, 20), (1, 20), (2, 20)])
    choice = SplitChoice(test=test_share, validation=validation_share)
    result = split(given_photos, LABELS, choice, seed, range(len(given_photos)))
    assert sorted(result.train + result.validation + result.test) == list(range(len(given_photos)))
    for label in range(3):
        total = sum(photo.label == label for photo in given_photos)
        tested = sum(given_photos[at].label == label for at in result.test)
        assert abs(tested - total * test_share) <= 1
    for stratum in {photo.stratum for photo in given_photos}:
        total = sum(photo.stratum == stratum for photo in given_photos)
        tested = sum(given_photos[at].stratum == stratum for at in result.test)
        assert abs(tested - total * test_share) <= 1.5


def test_splits_of_single_photos_are_those_of_earlier_runs() -> None:
    given_photos = [
        Photo(f"{number % 7}/{number:03}", (number % 3,), f"{number % 3}{number % 5}") for number in range(200)
    ]
    result = alone(given_photos, seed=7)
    assert result.test[:12] == (0, 5, 11, 12, 13, 14, 17, 26, 28, 32, 35, 38)
    assert digest(result) == "46eb78ba095bb243"
    elpv = open_dataset("elpv")
    assert digest(alone(elpv.photos, elpv.labels)) == "1cdb9f8b38b62ede"


grouped = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 12)), min_size=0, max_size=80)


def scenes(chosen: list[tuple[int, int, int]]) -> tuple[list[Photo], list[int]]:
    """Photos with a label, a stratum and a cluster each, and twenty photos of each class that stand alone."""
    found = [Photo(f"{at}", (label,), f"{label}{stratum}") for at, (label, stratum, _) in enumerate(chosen)]
    found += [Photo(f"single{at}", (at % 3,), f"{at % 3}0") for at in range(60)]
    return found, [cluster for *_, cluster in chosen] + list(range(100, 160))


def whole(together: Sequence[int], positions: Sequence[int], others: Sequence[int]) -> bool:
    return not {together[at] for at in positions} & {together[at] for at in others}


@settings(deadline=None)
@given(grouped, st.integers(0, 5), st.randoms(use_true_random=False))
def test_clusters_stay_whole_whatever_the_order(chosen: list[tuple[int, int, int]], seed: int, random: Random) -> None:
    given_photos, together = scenes(chosen)
    result = split(given_photos, LABELS, DEFAULT, seed, together)
    sets = (result.train, result.validation, result.test)
    assert sorted(sum(sets, ())) == list(range(len(given_photos)))
    assert whole(together, result.train, result.validation + result.test)
    assert whole(together, result.validation, result.test)
    order = list(range(len(given_photos)))
    random.shuffle(order)
    shuffled = [given_photos[at] for at in order]
    again = split(shuffled, LABELS, DEFAULT, seed, [1000 - together[at] for at in order])
    assert names(shuffled, again.test) == names(given_photos, result.test)
    assert names(shuffled, again.validation) == names(given_photos, result.validation)


def test_large_clusters_are_spread_as_evenly_as_they_allow() -> None:
    given_photos = photos([(0, 200), (1, 200)])
    together = [at // 10 for at in range(400)]
    result = split(given_photos, ("a", "b"), DEFAULT, 0, together)
    for label in (0, 1):
        assert abs(sum(given_photos[at].label == label for at in result.test) - 50) <= 5
        assert abs(sum(given_photos[at].label == label for at in result.validation) - 22) <= 6


def test_a_class_of_three_sessions_is_in_every_set() -> None:
    given_photos = photos([(0, 60), (1, 90)])
    together = [0] * 20 + [1] * 20 + [2] * 20 + list(range(10, 100))
    for seed in range(5):
        result = split(given_photos, ("few", "many"), DEFAULT, seed, together)
        for positions in (result.train, result.validation, result.test):
            assert sum(given_photos[at].label == 0 for at in positions) == 20


def test_a_split_depends_on_seed_and_names_alone() -> None:
    given_photos = photos([(0, 40), (1, 40)])
    first = names(given_photos, alone(given_photos, ("a", "b"), 1).test)
    backwards = given_photos[::-1]
    assert names(backwards, alone(backwards, ("a", "b"), 1).test) == first
    assert names(given_photos, alone(given_photos, ("a", "b"), 2).test) != first


def test_a_class_too_small_to_split_is_named() -> None:
    with pytest.raises(
        DatasetError, match=r"class 'rare' has 2 photos that can be used, too few to split: 0 would be left for"
    ):
        alone(photos([(0, 40), (1, 2)]), ("common", "rare"))


def test_four_photos_of_a_class_are_enough() -> None:
    given_photos = photos([(0, 40), (1, 4)])
    result = alone(given_photos, ("common", "rare"))
    rare = [sum(given_photos[at].label for at in part) for part in (result.train, result.validation, result.test)]
    assert rare == [2, 1, 1]


def test_a_class_with_too_few_groups_is_named_with_them() -> None:
    given_photos = photos([(0, 40), (1, 30)])
    together = [*range(40), *(100 + at // 15 for at in range(30))]
    with pytest.raises(
        DatasetError,
        match=r"class 'cow' has 30 photos that can be used, but its photos lie in 2 groups .*: 0 would be left for",
    ):
        split(given_photos, ("cat", "cow"), DEFAULT, 0, together)


def test_an_empty_class_is_named() -> None:
    with pytest.raises(DatasetError, match=r"class 'c' has 0 photos"):
        alone(photos([(0, 40), (1, 30)]))


# Sets that a person chose.


def test_given_sets_are_kept() -> None:
    given_photos = [
        photo for part in ("train", "validation", "test") for photo in photos([(0, 7), (1, 9), (2, 5)], part)
    ]
    result = alone(given_photos)
    for part in ("train", "validation", "test"):
        assert {given_photos[at].part for at in getattr(result, part)} == {part}


def test_photos_left_over_are_learned_from() -> None:
    given_photos = [
        photo for part in ("train", "validation", "test", None) for photo in photos([(0, 7), (1, 9), (2, 5)], part)
    ]
    assert {given_photos[at].part for at in alone(given_photos).train} == {"train", None}


def test_validation_is_drawn_from_training_where_it_is_missing() -> None:
    given_photos = photos([(0, 40), (1, 40)], "train") + photos([(0, 11), (1, 9)], "test")
    result = alone(given_photos, ("a", "b"))
    assert names(given_photos, result.test) == {photo.name for photo in given_photos if photo.part == "test"}
    assert len(result.validation) == round(80 * DEFAULT.validation)
    assert {given_photos[at].part for at in result.validation + result.train} == {"train"}


def test_a_given_test_is_the_whole_test() -> None:
    given_photos = photos([(0, 40), (1, 40)]) + photos([(0, 3), (1, 2)], "test")
    result = alone(given_photos, ("a", "b"))
    assert len(result.test) == 5
    assert len(result.validation) == 12


def test_photos_without_a_set_fill_the_open_ones_first() -> None:
    given_photos = photos([(0, 60), (1, 60)], "train") + photos([(0, 40), (1, 40)])
    result = alone(given_photos, ("a", "b"))
    assert len(result.test) == round(200 * DEFAULT.test)
    assert {given_photos[at].part for at in result.test + result.validation} == {None}
    assert len(result.train) == 120 + 80 - 50 - len(result.validation)


def test_a_test_is_drawn_from_training_if_there_is_nothing_else() -> None:
    given_photos = photos([(0, 40), (1, 40)], "train")
    result = alone(given_photos, ("a", "b"))
    assert (len(result.test), len(result.validation)) == (20, 8)


def test_a_class_missing_in_a_given_set_is_named_and_no_photo_moved() -> None:
    given_photos = photos([(0, 40), (1, 40)], "train") + photos([(0, 9)], "test")
    with pytest.raises(DatasetError, match=r"class 'b' has 40 photos .* 0 would be left for test, at least 1 needed"):
        alone(given_photos, ("a", "b"))


def test_photos_follow_their_cluster_into_a_given_set() -> None:
    given_photos = photos([(0, 40), (1, 40)]) + photos([(0, 3), (1, 2)], "test")
    together = list(range(85))
    together[0] = together[1] = together[80]
    assert {0, 1, 80} <= set(split(given_photos, ("a", "b"), DEFAULT, 0, together).test)


def test_a_cluster_divided_by_a_person_stays_so_and_is_reported() -> None:
    given_photos = photos([(0, 10), (1, 10)], "train") + photos([(0, 10), (1, 10)], "test")
    given_photos += photos([(0, 10), (1, 10)], "validation")
    given_photos.append(Photo("new", (0,), ""))
    pairs = [(0, 20), (1, 2), (3, 41), (41, 60)]
    result = split(given_photos, ("a", "b"), DEFAULT, 0, clusters(given_photos, pairs))
    assert {0, 1, 2, 3, 60} <= set(result.train)
    assert 20 in result.test
    assert leakage(given_photos, result, pairs) == [
        ("train0/0", "test0/0"),
        ("train0/3", "validation0/1"),
        ("validation0/1", "new"),
    ]


choices: tuple[tuple[Part | None, ...], ...] = (
    (None,),
    ("train",),
    ("train", None),
    ("test", None),
    ("train", "test"),
    ("train", "test", None),
    ("train", "validation"),
    ("train", "validation", "test", None),
)


@settings(deadline=None)
@given(
    st.sampled_from(choices),
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9), st.integers(0, 3)), max_size=60),
    st.integers(0, 3),
)
def test_given_sets_are_closed_and_clusters_follow(
    parts: tuple[Part | None, ...], chosen: list[tuple[int, int, int]], seed: int
) -> None:
    # Some photos in clusters, and for each set twelve that stand alone.
    given_photos = [
        Photo(str(at), (label,), "", part=parts[number % len(parts)]) for at, (label, _, number) in enumerate(chosen)
    ]
    given_photos += [Photo(f"{part}{at}", (at % 2,), "", part=part) for part in parts for at in range(12)]
    together = [cluster for _, cluster, _ in chosen] + list(range(100, 100 + 12 * len(parts)))
    result = split(given_photos, ("a", "b"), DEFAULT, seed, together)
    where = {at: part for part in ("train", "validation", "test") for at in getattr(result, part)}
    assert sorted(where) == list(range(len(given_photos)))
    for at, photo in enumerate(given_photos):
        if photo.part and photo.part != where[at]:
            assert photo.part == "train"
            assert where[at] not in parts
    for number in set(together):
        members = [at for at, cluster in enumerate(together) if cluster == number]
        if len({given_photos[at].part for at in members} - {None}) <= 1:
            assert len({where[at] for at in members}) == 1


# Several labels a photo.


label_sets = st.lists(st.sets(st.integers(0, 2), max_size=3).map(lambda found: tuple(sorted(found))), max_size=80)


@settings(deadline=None)
@given(label_sets, st.integers(0, 3))
def test_every_class_is_in_every_set(sets: list[tuple[int, ...]], seed: int) -> None:
    sets = sets + [(0,), (1,), (2,), (), (0, 1)] * 5
    given_photos = [Photo(str(at), labels, str(labels)) for at, labels in enumerate(sets)]
    result = alone(given_photos, seed=seed)
    assert sorted(result.train + result.validation + result.test) == list(range(len(sets)))
    for positions in (result.train, result.validation, result.test):
        assert {label for at in positions for label in given_photos[at].labels} == {0, 1, 2}
    assert abs(len(result.test) - len(sets) * DEFAULT.test) <= 5


def test_rare_sets_of_labels_are_shared_out_together() -> None:
    # Forty sets of labels with one photo each: alone, each would round to no test photo.
    given_photos = [Photo(f"{at:02}", (0, at), "") for at in range(1, 41)] + [
        Photo(f"x{at}", (0,), "") for at in range(8)
    ]
    result = split(given_photos, ("a",), DEFAULT, 0, range(48))
    assert sum(len(given_photos[at].labels) > 1 for at in result.test) == 10


def test_a_class_that_one_photo_alone_shows_is_named() -> None:
    given_photos = [Photo(str(at), (0,) if at else (0, 1), "") for at in range(40)]
    with pytest.raises(DatasetError, match=r"class 'b' has 1 photos that can be used, too few to split"):
        alone(given_photos, ("a", "b"))


# Folds.


@settings(deadline=None)
@given(grouped, st.integers(2, 6), st.integers(0, 3))
def test_folds_hold_out_every_photo_once(chosen: list[tuple[int, int, int]], k: int, seed: int) -> None:
    given_photos, together = scenes(chosen)
    parts = split(given_photos, LABELS, DEFAULT, seed, together)
    positions = parts.train + parts.validation
    found = folds(given_photos, LABELS, DEFAULT, seed, together, positions, k)
    assert len(found) == k
    assert sorted(at for fold in found for at in fold.test) == sorted(positions)
    for fold in found:
        assert sorted(fold.train + fold.validation + fold.test) == sorted(positions)
        assert whole(together, fold.train, fold.validation + fold.test)
        assert whole(together, fold.validation, fold.test)
        for part in (fold.train, fold.validation, fold.test):
            assert {given_photos[at].label for at in part} == {0, 1, 2}


def test_folds_of_single_photos_are_even() -> None:
    given_photos = photos([(0, 100), (1, 33), (1, 34), (2, 52)])
    found = folds(given_photos, LABELS, DEFAULT, 0, range(219), range(219), 5)
    for label, size in enumerate((100, 67, 52)):
        held_out = [sum(given_photos[at].label == label for at in fold.test) for fold in found]
        assert all(abs(count - size / 5) <= 1 for count in held_out)
    for stratum, size in (("1", 33), ("2", 34)):
        held_out = [sum(given_photos[at].stratum == stratum for at in fold.test) for fold in found]
        assert all(abs(count - size / 5) <= 1.5 for count in held_out)
    assert {len(fold.validation) for fold in found} <= {25, 26, 27}
    again = folds(given_photos, LABELS, DEFAULT, 0, range(219), range(219), 5)
    assert again == found
    assert folds(given_photos, LABELS, DEFAULT, 1, range(219), range(219), 5) != found


def test_each_fold_holds_out_every_class_even_of_uneven_clusters() -> None:
    given_photos = photos([(0, 60), (1, 14)])
    together = [*range(60), *[100] * 10, 101, 102, 103, 104]
    for seed in range(5):
        for fold in folds(given_photos, ("a", "b"), DEFAULT, seed, together, range(74), 3):
            assert {given_photos[at].label for at in fold.test} == {0, 1}


def test_each_fold_validates_on_every_class() -> None:
    given_photos = photos([(0, 60), (1, 6)])
    for fold in folds(given_photos, ("a", "b"), DEFAULT, 0, range(66), range(66), 2):
        shown = [sum(given_photos[at].label for at in part) for part in (fold.train, fold.validation, fold.test)]
        assert shown == [2, 1, 3]


def test_given_sets_play_no_part_in_folds() -> None:
    given_photos = photos([(0, 20), (1, 20)], "train") + photos([(0, 20), (1, 20)], "validation")
    for fold in folds(given_photos, ("a", "b"), DEFAULT, 0, range(80), range(80), 4):
        assert {given_photos[at].part for at in fold.test} == {"train", "validation"}
        assert len(fold.test) == 20


def test_a_class_too_small_for_so_many_folds_is_named() -> None:
    with pytest.raises(DatasetError, match=r"class 'rare' has 4 photos .* 0 would be left for fold \d, at least 1"):
        folds(photos([(0, 40), (1, 4)]), ("common", "rare"), DEFAULT, 0, range(44), range(44), 5)


def test_one_fold_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"split.folds=1: cross-validation needs at least 2"):
        folds(photos([(0, 40), (1, 40)]), ("a", "b"), DEFAULT, 0, range(80), range(80), 1)


# Clusters and leakage.


def test_groups_that_share_a_photo_are_one_cluster() -> None:
    sessions = [Photo(str(at), (0,), "", group="night" if at in {0, 5} else "") for at in range(7)]
    numbers = clusters(sessions, [(1, 2), (2, 5), (3, 4)])
    assert numbers[0] == numbers[5] == numbers[1] == numbers[2]
    assert numbers[3] == numbers[4]
    assert len(set(numbers)) == 3


def test_photos_without_links_stand_alone() -> None:
    assert len(set(clusters(photos([(0, 5)])))) == 5
    assert clusters([]) == ()


def test_leakage_is_none_where_pairs_are_in_one_set() -> None:
    given_photos = photos([(0, 4)])
    parts = Split(train=(0, 1), validation=(2,), test=())
    assert leakage(given_photos, parts, [(0, 1)]) == []
    assert leakage(given_photos, parts, [(0, 2), (2, 3)]) == [("0/0", "0/2")]


def test_photos_that_look_alike_would_leak_if_they_were_not_kept_together() -> None:
    given_photos = photos([(0, 100), (1, 100)])
    pairs = [(at, at + 1) for at in range(0, 200, 2)]
    leaking = leakage(given_photos, alone(given_photos, ("a", "b")), pairs)
    assert 20 < len(leaking) < 80
    kept = split(given_photos, ("a", "b"), DEFAULT, 0, clusters(given_photos, pairs))
    assert leakage(given_photos, kept, pairs) == []
