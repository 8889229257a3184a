import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.texts import _TABLE, LANGUAGES, age, choose_language, speak


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", _TABLE)
def test_both_languages_say_the_same(key: str) -> None:
    english, portuguese = _TABLE[key]
    assert english
    assert portuguese
    assert fields(english) == fields(portuguese)


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "language"),
    [
        ("pt", "en", "en", "pt"),
        (None, "pt", "en", "pt"),
        (None, None, "pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        (None, None, "en;q=0.3, pt;q=0.9", "pt"),
        (None, None, "de", "en"),
        (None, None, "pt;q=0, en", "en"),
        ("klingon", "", "", "en"),
    ],
)
def test_the_language_is_the_readers(asked: str | None, remembered: str | None, accepted: str, language: str) -> None:
    assert choose_language(asked, remembered, accepted) == language


@given(st.text(), st.text(), st.text())
def test_any_header_gives_a_language(asked: str, remembered: str, accepted: str) -> None:
    assert choose_language(asked, remembered, accepted) in LANGUAGES


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "under a minute"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_spans_are_coarse(seconds: float, text: str) -> None:
    assert age(seconds, speak("en")) == text
