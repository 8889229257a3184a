"""How clusters are shared out, and what is done where a class would be missing."""

import pytest

from sagui.train.datasets.port import Photo
from sagui.train.errors import DatasetError
from sagui.train.share import Cluster, check_classes, mend, share_out, tally

Sets = dict[str, list[Cluster]]


def photos(*labels: tuple[int, ...]) -> list[Photo]:
    return [Photo(str(at), found, "") for at, found in enumerate(labels)]


def test_a_cluster_is_taken_if_that_comes_nearer_to_the_share() -> None:
    one_class = photos(*[(0,)] * 20)
    sixes = [tuple(range(6)), tuple(range(6, 12)), tuple(range(12, 20))]
    # A share of 10: the first six leave 4 to take, and the others would be 2 and 4 too many.
    assert share_out(sixes, one_class, 0.5) == ([sixes[2]], sixes[:2])
    assert share_out(sixes, one_class, 0.1) == (sixes, [])
    # Two photos for a share of one are no nearer than none.
    assert share_out([(0, 1), (2, 3)], one_class, 0.25) == ([(0, 1), (2, 3)], [])


def test_what_one_stratum_rounds_away_the_next_makes_up_for() -> None:
    many = [Photo(str(at), (0,), str(at)) for at in range(40)]
    kept, taken = share_out([(at,) for at in range(40)], many, 0.25)
    assert (len(kept), len(taken)) == (30, 10)


def test_nothing_to_share_is_shared() -> None:
    assert share_out([], [], 0.5) == ([], [])


def test_the_smallest_cluster_that_can_be_spared_is_moved() -> None:
    given = photos((0,), (0,), (0,), (0,), (1,), (1,))
    sets: Sets = {"train": [(0, 1), (2,), (3,), (4,)], "test": [(5,)]}
    mend(sets, given, {"train": 1, "test": 1})
    assert sets == {"train": [(0, 1), (3,), (4,)], "test": [(5,), (2,)]}


def test_a_cluster_is_not_moved_if_another_class_would_be_missed_for_it() -> None:
    given = photos((0, 1), (0,), (1,), (0,))
    sets: Sets = {"train": [(0,), (1,)], "test": [(2,), (3,)]}
    mend(sets, given, {"train": 1, "test": 1})
    assert sets == {"train": [(0,), (1,)], "test": [(2,), (3,)]}
    sets = {"train": [(0,), (1,)], "test": [(2,)]}
    mend(sets, given, {"train": 1, "test": 1})
    assert sets == {"train": [(0,)], "test": [(2,), (1,)]}


def test_what_cannot_be_mended_is_left_and_refused() -> None:
    given = photos((0,), (0,), (1,))
    sets: Sets = {"train": [(0,), (2,)], "test": [(1,)]}
    mend(sets, given, {"train": 1, "test": 1})
    assert sets == {"train": [(0,), (2,)], "test": [(1,)]}
    with pytest.raises(DatasetError, match=r"class 'b' has 1 photos .* 0 would be left for test, at least 1 needed"):
        check_classes(sets, given, ("a", "b"), range(3), {"train": 1, "test": 1})


def test_photos_of_several_classes_count_for_each() -> None:
    assert tally([(0, 1), (2,)], photos((0, 1), (1,), ())) == {0: 1, 1: 2}
