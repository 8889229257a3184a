import shlex
import string
from typing import get_args

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.reasons import REASONS
from sagui.deploy.dashboard.texts import LANGUAGES, Language, age, choose_language, figure, speak
from sagui.deploy.dashboard.words import WORDS
from sagui.deploy.rollout.command import rollout
from sagui.device.command import run
from sagui.wire.updates import Phase


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS | REASONS)
def test_both_languages_say_the_same(key: str) -> None:
    english, portuguese = (WORDS | REASONS)[key]
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("key", "name", "command", "needed"),
    [
        ("nobody", "sagui run", run, {"camera__spec", "device", "broker__url"}),
        ("no_rollouts", "sagui rollout start", rollout.commands["start"], {"group", "broker"}),
        ("wave_due", "sagui rollout status", rollout.commands["status"], {"group", "broker", "follow"}),
    ],
)
def test_a_command_that_is_suggested_has_all_that_it_needs(
    language: Language, key: str, name: str, command: click.Command, needed: set[str]
) -> None:
    _, _, words = speak(language)(key, group="porch").partition(f"{name} ")
    found, rest, _ = command.make_parser(click.Context(command)).parse_args(shlex.split(words))
    assert rest == []
    assert found.keys() >= needed | {one.name for one in command.params if one.required}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phase_of_an_update_has_a_name(language: Language) -> None:
    names = [speak(language)(f"phase_{phase}") for phase in get_args(Phase)]
    assert len(set(names)) == len(names)


@given(st.floats(-1e9, 1e9), st.sampled_from([",.0f", ".1%", ",.3f"]))
def test_a_number_is_the_same_in_both_languages(number: float, spec: str) -> None:
    english, portuguese = (figure(number, spec, speak(language)) for language in LANGUAGES)
    assert english == format(number, spec)
    assert portuguese.replace(".", "").replace(",", ".") == english.replace(",", "")
