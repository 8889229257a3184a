"""A model's labels meet the classes of photos."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.match import fold, match, read_pairs

NAMES = st.lists(st.text("aAbB _", min_size=1, max_size=4), min_size=1, max_size=8)


def meanings(classes: list[str], labels: list[str], **options: object) -> list[str]:
    """What each label means."""
    matching = match(classes, labels, **options)  # type: ignore[arg-type]
    return [matching.names[answer] for answer in matching.answers]


def test_equal_names_are_matched_whatever_their_order() -> None:
    matching = match(["cat", "dog"], ["dog", "cat"])
    assert matching.names == ("cat", "dog")
    assert matching.answers == (1, 0)
    assert matching.known == {0, 1}
    assert matching.notes == ()


def test_names_that_differ_by_case_and_space_are_matched_and_told() -> None:
    matching = match(["Hot Dog", "cat"], ["hot_dog", "cat"])
    assert matching.answers == (0, 1)
    (note,) = matching.notes
    assert "'Hot Dog' and 'hot_dog'" in note
    assert "cat" not in note


def test_an_equal_name_goes_before_a_similar_one() -> None:
    assert meanings(["crane"], ["Crane", "crane"]) == ["Crane", "crane"]
    assert match(["crane"], ["Crane", "crane"]).answers[1] == 0


def test_other_labels_are_answers_too() -> None:
    matching = match(["cat"], ["background", "cat", "tench"])
    assert matching.names == ("cat", "background", "tench")
    assert matching.answers == (1, 0, 2)
    assert "2 labels that no photo here has: 'background', 'tench'" in matching.notes[0]


def test_outputs_with_the_same_label_are_one_answer() -> None:
    # ImageNet has two cranes and two maillots.
    matching = match(["crane"], ["crane", "maillot", "crane", "maillot"])
    assert matching.answers == (0, 1, 0, 1)


def test_a_class_without_a_label_is_refused_unless_that_is_wished() -> None:
    with pytest.raises(ConvertError, match=r"no label for the class of the photos: 'labradot' \(did you mean 'labra"):
        match(["cat", "labradot"], ["cat", "labrador"])
    matching = match(["cat", "labradot"], ["cat", "labrador"], ignore_unknown=True)
    assert matching.known == {0}
    assert matching.names == ("cat", "labradot", "labrador")


@pytest.mark.parametrize("ignore", [False, True])
def test_a_model_that_knows_no_class_is_refused(ignore: bool) -> None:  # noqa: FBT001
    with pytest.raises(
        ConvertError, match=r"no label for any class of the photos: 'x', 'y' \(there are 'cat', 'dog'\)"
    ):
        match(["x", "y"], ["cat", "dog"], ignore_unknown=ignore)


def test_a_label_with_synonyms_is_suggested() -> None:
    with pytest.raises(ConvertError, match=r"did you mean 'goldfish, Carassius auratus'\?"):
        match(["Goldfish", "cat"], ["tench, Tinca tinca", "lionfish", "goldfish, Carassius auratus"])


def test_pairs_give_a_class_several_labels() -> None:
    labels = ["tabby", "beagle", "collie"]
    pairs = [("dog", "beagle"), ("dog", "collie"), ("cat", "tabby")]
    assert meanings(["cat", "dog"], labels, pairs=pairs) == ["cat", "dog", "dog"]


def test_a_paired_class_is_not_looked_for_by_name() -> None:
    # The animal is paired; the label of the same name is the computer's.
    matching = match(["mouse", "cat"], ["house mouse", "mouse", "cat"], [("mouse", "house mouse")])
    assert [matching.names[answer] for answer in matching.answers] == ["mouse", "mouse (of the model)", "cat"]


def test_pairs_are_found_by_similar_names_too() -> None:
    assert meanings(["cat", "dog"], ["Tabby Cat", "dog"], pairs=[("CAT", "tabby_cat")]) == ["cat", "dog"]


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (("cow", "tabby"), "'cow' is no class of the photos"),
        (("cat", "tabi"), r"'tabi' is no label of the model \(did you mean 'tabby'\?\)"),
    ],
)
def test_a_pair_of_what_is_not_there_is_refused(pair: tuple[str, str], reason: str) -> None:
    with pytest.raises(ConvertError, match=reason):
        match(["cat", "dog"], ["tabby", "dog"], [pair])


def test_a_label_cannot_mean_two_classes() -> None:
    with pytest.raises(ConvertError, match="'tabby' is paired with the classes 'cat' and 'dog'"):
        match(["cat", "dog"], ["tabby", "x"], [("cat", "tabby"), ("dog", "tabby")])
    with pytest.raises(ConvertError, match="'hot_dog' and 'hot dog' both mean the label 'Hot Dog'"):
        match(["hot_dog", "hot dog"], ["Hot Dog", "x"])


@given(NAMES, NAMES)
def test_every_label_means_one_thing_of_its_name(classes: list[str], labels: list[str]) -> None:
    classes = list({fold(name): name for name in classes}.values())
    if not {fold(name) for name in classes} & {fold(label) for label in labels}:
        with pytest.raises(ConvertError):
            match(classes, labels, ignore_unknown=True)
        return
    matching = match(classes, labels, ignore_unknown=True)
    assert matching.names[: len(classes)] == tuple(classes)
    assert len(matching.answers) == len(labels)
    for label, answer in zip(labels, matching.answers, strict=True):
        assert fold(matching.names[answer]) == fold(label)
    assert matching.known == {answer for answer in matching.answers if answer < len(classes)}
    by_name = {number for number, name in enumerate(classes) if fold(name) in {fold(label) for label in labels}}
    assert matching.known == by_name


@given(st.text())
@example("\u017f\u0301")
@example("\ufb05\u0301")
@example("\u0345\u0301")
@example("\u1fb3\u0345")
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_what_a_table_says_is_read(pairs: list[tuple[str, str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("class", "label"), *pairs])
    assert read_pairs(text.getvalue(), "map.csv") == tuple(pairs)


def test_the_names_of_columns_may_be_missing_and_commas_quoted() -> None:
    assert read_pairs('fish,"tench, Tinca tinca"\n\ncat , tabby\n', "m") == (
        ("fish", "tench, Tinca tinca"),
        ("cat", "tabby"),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "map.csv: no pairs; write one a line"),
        ("class,label\n", "map.csv: no pairs"),
        ("cat,tabby\nfish,tench, Tinca tinca\n", "map.csv, line 2: 3 cells .* a name with commas in quotes"),
        ("cat\n", "map.csv, line 1: 1 cells"),
        ("cat,\n", "map.csv, line 1: 2 cells"),
        ('cat,"tab\n', "map.csv, line 1: cannot be read"),
    ],
)
def test_a_table_that_is_wrong_is_refused_by_line(text: str, reason: str) -> None:
    with pytest.raises(ConvertError, match=reason):
        read_pairs(text, "map.csv")


@given(st.text())
def test_any_text_is_read_or_refused_in_a_line(text: str) -> None:
    try:
        pairs = read_pairs(text, "map.csv")
    except ConvertError as error:
        assert re.match(r"map\.csv", str(error))  # noqa: PT017 (either outcome is right)
    else:
        assert pairs
        assert all(name and label for name, label in pairs)
