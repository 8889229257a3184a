"""Labels as folders."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.capture.errors import CaptureError
from sagui.device.capture.labels import MAX_NAME_BYTES, check_label, check_twins, folder_of


@pytest.mark.parametrize("label", ["cat", "Jaguar", "naïve", "猫", "a b", "T-shirt or top", "x" * 200, "100%", "ça.va"])
def test_what_people_call_things_is_a_folder_as_it_stands(label: str) -> None:
    assert check_label(label) == folder_of(label) == label


def test_space_and_composition_are_as_training_reads_them() -> None:
    assert check_label("  cafe\u0301 ") == unicodedata.normalize("NFC", "café")


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("a/b", "has a slash"),
        ("..\\b", "has a slash"),
        ("/etc", "has a slash"),
        ("..", "begins with a dot"),
        (".", "begins with a dot"),
        (".git", "begins with a dot"),
        ("a\nb", "cannot be shown"),
        ("a\0b", "cannot be shown"),
        ("a\x1b[2Jb", "cannot be shown"),
        ("\udcff", "cannot be shown"),
        ("\u202egpj", "cannot be shown"),
        ("x" * 201, "is too long"),
        ("猫" * 90, "is too long"),
    ],
)
def test_what_cannot_be_a_folder_is_refused_in_one_line(label: str, why: str) -> None:
    with pytest.raises(CaptureError, match=why) as caught:
        check_label(label)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@given(st.text())
def test_an_accepted_label_stays_in_its_folder(label: str) -> None:
    try:
        name = check_label(label)
    except CaptureError:
        return
    assert Path("root", name).parts == ("root", name)
    assert check_label(name) == name


@given(st.text(st.characters()))
def test_any_label_of_a_model_gets_a_folder_that_can_be_one(label: str) -> None:
    assert check_label(folder_of(label)) == folder_of(label)
    assert len(folder_of(label).encode()) <= MAX_NAME_BYTES


@given(
    st.text(st.sampled_from("aA/.%2Fe \\\n"), min_size=1, max_size=12),
    st.text(st.sampled_from("aA/.%2Fe \\\n"), min_size=1),
)
def test_labels_with_slashes_and_dots_stay_apart(one: str, other: str) -> None:
    if one.strip() != other.strip() and not {one.strip(), other.strip()} & {folder_of(one), folder_of(other)}:
        assert folder_of(one) != folder_of(other)


def test_a_slash_is_written_as_in_a_url() -> None:
    assert folder_of("T-shirt/top") == "T-shirt%2Ftop"
    assert folder_of("..") == "%2E%2E"


def test_a_folder_that_differs_by_case_or_space_is_named() -> None:
    check_twins("cat", ["cat", "dog"])
    with pytest.raises(CaptureError, match=r"'cat' differs from the folder 'Cat' .* use 'Cat'"):
        check_twins("cat", ["dog", "Cat"])
    with pytest.raises(CaptureError, match="only by case or space"):
        check_twins("red  fox", ["red fox"])
