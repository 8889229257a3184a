from dataclasses import replace
from typing import get_args

import pytest

from sagui.deploy.dashboard.frame import complaints
from sagui.deploy.dashboard.live.absence import Absence, Kind
from sagui.deploy.dashboard.live.board import Condition
from sagui.deploy.dashboard.texts import speak

LOST = Absence("lost", "mqtt://hut:1883", "Unspecified error")
WELL = Condition(away=None, overrun=0, crowded=0, flooded=0, trouble="", waiting=0, dropped=0)


def test_a_dashboard_that_is_well_complains_of_nothing() -> None:
    assert complaints(WELL, speak("en")) == []
    assert complaints(replace(WELL, waiting=900), speak("en")) == []


def test_a_sick_database_is_told_with_what_waits_and_what_is_lost() -> None:
    sick = replace(WELL, trouble="database a.db: the disk is full; free some space", waiting=1234, dropped=5)
    told = " ".join(complaints(sick, speak("en")))
    for part in ("not being saved", "the disk is full; free some space", "1,234 wait", "5 results were lost"):
        assert part in told


def test_results_that_were_lost_stay_told() -> None:
    (told,) = complaints(replace(WELL, dropped=5), speak("pt"))
    assert "5 resultados se perderam" in told


def test_numbers_are_written_as_the_reader_does() -> None:
    told = complaints(replace(WELL, trouble="full", waiting=1234, dropped=5000, flooded=2000), speak("pt"))
    assert [part in one for part, one in zip(("1.234", "5.000", "2.000"), told, strict=True)] == [True] * 3


def test_everything_that_was_left_out_is_counted() -> None:
    told = complaints(
        replace(WELL, away=Absence("lost", "mqtt://hut:1883", "Unspecified error"), overrun=1, crowded=2000, flooded=3),
        speak("en"),
    )
    assert len(told) == 4
    assert any("2,000" in one for one in told)


def test_a_broker_that_refuses_us_is_not_said_to_be_away() -> None:
    away = Absence("refused", "mqtt://hut:1883", "Not authorized")
    (told,) = complaints(replace(WELL, away=away), speak("en"))
    assert told.startswith("The dashboard may not use the broker: mqtt://hut:1883 refuses the connection: Not auth")
    assert "; set SAGUI_MQTT_USER and SAGUI_MQTT_PASSWORD, or --mqtt-user-file." in told
    (told,) = complaints(replace(WELL, away=away), speak("pt"))
    assert told.startswith("O painel não pode usar o broker: mqtt://hut:1883 recusa a conexão: sem autorização; defina")


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_absence_has_its_words(kind: Kind) -> None:
    away = Absence(kind, "mqtt://hut:1883", "" if kind in {"awaited", "silent"} else "Something odd")
    english, portuguese = str(away), away.told(speak("pt"))
    assert english != portuguese
    assert all("mqtt://hut:1883" in one and away.why in one for one in (english, portuguese))
    assert away.refused == (kind in {"refused", "deaf"})
