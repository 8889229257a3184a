"""Rules of classes and sets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.datasets.classes import are_sets, check_sets, class_names, part_called
from sagui.train.datasets.port import Part, Photo
from sagui.train.errors import DatasetError

visible = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=10)


@given(visible, st.text(" \t\u00a0", max_size=3), st.text(" \t\u00a0", max_size=3))
def test_space_around_a_label_is_no_part_of_it(label: str, before: str, after: str) -> None:
    written = f"{before}{label}{after}"
    assert class_names({written: "here"}) == {written: label}


@given(visible, st.sampled_from([str.upper, str.title, lambda label: f" {label}", lambda label: f"{label}\t"]))
def test_labels_that_differ_only_by_case_or_space_are_refused(label: str, change: object) -> None:
    other = change(label) if callable(change) else label
    places = {label: "line 1", other: "line 2"}
    if other == label:
        assert class_names(places) == {label: label}
    else:
        with pytest.raises(DatasetError, match=r"\(line 1\) and .*\(line 2\) differ only by case or space; write both"):
            class_names(places)


@given(st.sets(st.text("abc", min_size=1, max_size=4), min_size=1))
def test_labels_that_differ_otherwise_are_kept(labels: set[str]) -> None:
    assert class_names(dict.fromkeys(labels, "here")) == {label: label for label in labels}


def test_different_ways_to_write_an_accent_are_one_class() -> None:
    assert class_names({"cafe\u0301": "here"}) == {"cafe\u0301": "caf\u00e9"}
    with pytest.raises(DatasetError, match="differ only by case or space"):
        class_names({"cafe\u0301": "here", "caf\u00e9": "there"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "test"], True),
        (["Train", "VAL", "extra"], True),
        (["train"], False),
        (["train", "bus"], False),
        (["val", "test"], False),
        ([], False),
    ],
)
def test_sets_are_train_and_another(words: list[str], expected: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    assert are_sets(words) is expected


@pytest.mark.parametrize("word", ["val", "valid", "validation", " Valid "])
def test_validation_has_three_names(word: str) -> None:
    assert part_called(word) == "validation"
    assert part_called("valide") is None


def photos(*pairs: tuple[int, Part | None]) -> list[Photo]:
    return [Photo(f"{at}", (label,), str(label), part=part) for at, (label, part) in enumerate(pairs)]


def test_photos_without_a_set_count_as_photos_to_learn_from() -> None:
    check_sets(photos((0, None), (1, "train"), (0, "test"), (1, "test")), ("a", "b"), "here")
    check_sets(photos((0, None)), ("a", "b"), "no sets, so nothing is asked of them")
    with pytest.raises(DatasetError, match="here: the train set has no photo of class 'b'"):
        check_sets(photos((0, None), (0, "test"), (1, "test")), ("a", "b"), "here")


def test_many_missing_classes_are_counted() -> None:
    labels = [f"c{number}" for number in range(9)]
    with pytest.raises(DatasetError, match="the test set has no photo of classes 'c1', 'c2', 'c3', 'c4', 'c5' and 3 m"):
        check_sets(photos(*((at, "train") for at in range(9)), (0, "test")), labels, "here")


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([None, "train", "validation", "test"])), max_size=12))
def test_sets_pass_only_if_each_holds_every_class(pairs: list[tuple[int, Part | None]]) -> None:
    held: dict[str, set[int]] = {"train": set()}
    for label, part in pairs:
        held.setdefault(part or "train", set()).add(label)
    whole = all(part is None for _, part in pairs) or all(classes == {0, 1, 2} for classes in held.values())
    try:
        check_sets(photos(*pairs), ("a", "b", "c"), "here")
    except DatasetError:
        passed = False
    else:
        passed = True
    assert passed is whole
