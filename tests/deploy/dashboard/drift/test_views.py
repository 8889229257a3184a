"""Comparisons as words, tables and a chart."""

from dataclasses import replace

import pytest

from sagui.deploy.dashboard.drift.survey import Drift, Found
from sagui.deploy.dashboard.drift.views import (
    SPANS,
    chart,
    columns,
    explanation,
    label_columns,
    label_lines,
    line,
    periods,
    ranked,
    summary,
    unknowns,
    verdict,
)
from sagui.deploy.dashboard.past.charts import MOST_LABELS
from sagui.deploy.dashboard.texts import speak
from sagui.deploy.dashboard.writing import NONE
from sagui.deploy.history import StreamCount
from sagui.deploy.history.drift import NOTHING, UNKNOWN, compare, samples
from sagui.deploy.history.rows import DAY_MS, HOUR_MS

BEGIN = 1_795_219_200_000  # 2026-11-21T00:00Z
HTML = "<img src=x onerror=alert(1)>"
SAY = speak("en")

Scored = dict[str, tuple[int, float]]


def drift(then: Scored, now: Scored, *, device: str = "porch", days: int = 7, stream: str = "") -> Drift:
    sides = [
        samples([StreamCount(BEGIN, "", label, count, score) for label, (count, score) in side.items()])[""]
        for side in (then, now)
    ]
    return Drift(
        device=device,
        stream=stream,
        model=("pets", "1.2.3"),
        week_ms=(BEGIN, BEGIN + days * DAY_MS),
        now_ms=(BEGIN + 9 * DAY_MS, BEGIN + 10 * DAY_MS),
        comparison=compare(*sides, length_ms=days * DAY_MS, block_ms=DAY_MS),
    )


CHANGED = drift({"cat": (600, 0.91), "dog": (400, 0.91)}, {"cat": (120, 0.74), "dog": (880, 0.74)})
STEADY = drift({"cat": (600, 0.9)}, {"cat": (300, 0.9)}, device="attic")
FEW = drift({"cat": (600, 0.9)}, {"dog": (3, 0.9)}, device="shed")

YOUNG = replace(
    drift({"cat": (1, 0.9)}, {"cat": (7, 0.9), "dog": (1, 0.9)}, days=0),
    comparison=compare(
        NOTHING,
        samples([StreamCount(BEGIN, "", "cat", 7, 0.9), StreamCount(BEGIN, "", "dog", 1, 0.9)])[""],
        length_ms=0,
        block_ms=DAY_MS,
    ),
)


def test_a_change_is_told_with_its_numbers_and_what_to_do() -> None:
    text = explanation(CHANGED, SAY)
    assert text.startswith("“cat” was 60% in the first week and is 12% now; “dog” was 40% in the first week")
    assert "the mean score fell from 0.91 to 0.74." in text
    assert text.endswith("look at the photos; consider [collect] and training again.")


def test_a_change_of_scores_alone_names_no_label() -> None:
    text = explanation(drift({"cat": (600, 0.91)}, {"cat": (600, 0.7)}), SAY)
    assert text.startswith("The mean score fell from 0.91 to 0.70. The camera may have moved")
    assert "cat" not in text


def test_more_unknowns_are_told_by_their_name() -> None:
    then, now = {"cat": (700, 0.9), UNKNOWN: (300, 0.9)}, {"cat": (580, 0.9), UNKNOWN: (420, 0.9)}
    assert explanation(drift(then, now), SAY).startswith("“unknown” was 30% in the first week and is 42% now. The")


def test_the_share_of_unknowns_is_told_in_any_case() -> None:
    known = drift({"cat": (600, 0.9)}, {"cat": (900, 0.9), UNKNOWN: (5, 0.9)})
    assert unknowns(known, SAY) == "Share of “unknown”: 0.0% then, 0.6% now."


def test_many_rare_labels_are_told_as_others() -> None:
    rare = {f"{number}": (1, 0.9) for number in range(1000)}
    assert "“other” was 0% in the first week and is 100% now" in explanation(drift({"cat": (5000, 0.9)}, rare), SAY)


@pytest.mark.parametrize(("days", "when"), [(1, "on the first day"), (3, "in the first 3 days")])
def test_a_first_week_that_is_shorter_is_called_so(days: int, when: str) -> None:
    assert when in explanation(drift({"cat": (600, 0.9)}, {"dog": (600, 0.9)}, days=days), SAY)


def test_what_is_steady_or_too_little_is_told() -> None:
    assert explanation(STEADY, SAY).startswith("Much as in the first week: labels at a distance of 0.00 (limit 0.20)")
    assert explanation(FEW, SAY).startswith(
        "Too few results to tell: 600 in the first week, 3 now. Each side needs 100"
    )


def test_numbers_are_written_as_the_reader_does() -> None:
    portuguese = speak("pt")
    assert line(CHANGED, portuguese)["distance"] == "0,44"
    assert label_lines(CHANGED, portuguese)[0]["then"] == "60,0%"
    assert "de 0,91 para 0,74" in explanation(CHANGED, portuguese)
    assert "distância 0,00 (limite 0,20), pontuação 0,90" in explanation(STEADY, portuguese)


@pytest.mark.parametrize(
    ("began_ms", "when"), [(BEGIN, "2026-11-23 00:00 (UTC)"), (BEGIN + 1, "2026-11-23 01:00 (UTC)")]
)
def test_before_the_first_day_is_over_it_says_when_it_will_be(began_ms: int, when: str) -> None:
    young = replace(YOUNG, week_ms=(began_ms, began_ms))
    assert explanation(young, SAY) == (
        f"Nothing to compare with yet: comparable from about {when}, when the first day is over. Now: 8."
    )


def test_a_first_week_without_results_has_no_numbers() -> None:
    assert "2026-11-21" not in periods(YOUNG, SAY)
    assert unknowns(YOUNG, SAY) == "Share of “unknown”: \N{EN DASH} then, 0.0% now."
    assert [(one["then"], one["now"]) for one in label_lines(YOUNG, SAY)] == [(NONE, "87.5%"), (NONE, "12.5%")]
    (bars,) = chart(YOUNG, SAY)["series"]
    assert (bars["name"], bars["data"]) == ("Now", [87.5, 12.5])


def test_a_stream_that_came_after_the_first_week_is_promised_nothing() -> None:
    late = replace(YOUNG, week_ms=(BEGIN, BEGIN + 7 * DAY_MS))
    assert explanation(late, SAY).startswith("Too few results to tell: 0 in the first week, 8 now.")


def test_verdicts_have_a_mark_and_a_word_in_both_languages() -> None:
    assert [verdict(one, SAY) for one in (CHANGED, STEADY, FEW)] == ["▲ changed", "● steady", "… too few"]
    assert verdict(CHANGED, speak("pt")) == "▲ mudou"


def test_the_most_changed_come_first_and_those_without_a_verdict_last() -> None:
    worse = drift({"cat": (600, 0.9)}, {"dog": (600, 0.9)}, device="z")
    assert [one.device for one in ranked([FEW, STEADY, CHANGED, worse])] == ["z", "porch", "attic", "shed"]


def test_a_line_says_what_the_columns_name() -> None:
    told = line(CHANGED, SAY)
    assert told.keys() == {column["field"] for column in columns(SAY)}
    assert told == {
        "device": "porch",
        "verdict": "▲ changed",
        "distance": "0.44",
        "score_then": "0.91",
        "score_now": "0.74",
        "results_then": 1000,
        "results_now": 1000,
        "model": "pets 1.2.3",
    }


def test_streams_of_a_device_have_names_of_their_own() -> None:
    assert line(drift({"cat": (600, 0.9)}, {"cat": (1, 0.9)}, stream="left"), SAY)["device"] == "porch · left"


def test_the_table_says_the_same_as_the_chart() -> None:
    cat = label_lines(CHANGED, SAY)[0]
    assert cat.keys() - {"key"} == {column["field"] for column in label_columns(SAY)}
    assert (cat["label"], cat["then"], cat["now"], cat["score_then"]) == ("cat", "60.0%", "12.0%", "0.91")
    options = chart(CHANGED, SAY)
    assert options["yAxis"]["data"] == ["dog", "cat"]
    assert [series["data"] for series in options["series"]] == [[40.0, 60.0], [88.0, 12.0]]


def test_no_tooltip_is_html_and_no_label_fills_the_page() -> None:
    options = chart(drift({HTML * 20: (600, 0.9)}, {"cat": (600, 0.9)}), SAY)
    assert options["tooltip"]["renderMode"] == "richText"
    assert all(len(name) <= 40 for name in options["yAxis"]["data"])
    assert len(explanation(drift({HTML * 20: (600, 0.9)}, {"cat": (600, 0.9)}), SAY)) < 400


def test_the_chart_takes_the_small_labels_together() -> None:
    many = {f"label {number:02d}": (100 - number, 0.9) for number in range(30)}
    options = chart(drift(many, many), SAY)
    assert len(options["yAxis"]["data"]) == MOST_LABELS + 1
    assert options["yAxis"]["data"][-1] == "other"
    assert all(sum(series["data"]) == pytest.approx(100, abs=0.5) for series in options["series"])


def test_periods_are_told() -> None:
    assert periods(CHANGED, SAY).startswith(
        "pets 1.2.3; first week: 2026-11-21 00:00 \N{EN DASH} 2026-11-28 00:00; now: 2026-11-30"
    )
    assert SPANS == {"1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS}


def test_labels_that_are_too_many_to_count_are_told_so() -> None:
    one = replace(FEW, comparison=replace(FEW.comparison, is_whole=False))
    assert explanation(one, SAY).startswith("Too many different labels to tell")


def test_a_summary_counts_verdicts_and_what_is_not_known() -> None:
    found = Found([CHANGED, STEADY, FEW, FEW], {"slow": "database x: timed out", "slower": "database x: away"})
    assert summary(found, 1200, SAY) == (
        "Changed: 1. Steady: 1. Too few results: 2. "
        "Not compared, as the database failed: 2 (database x: timed out). Devices not compared: 1,200."
    )
    assert summary(Found([STEADY]), 0, SAY) == "Changed: 0. Steady: 1. Too few results: 0."


def test_a_database_that_failed_everywhere_is_not_called_empty() -> None:
    assert summary(Found(), 0, SAY) == "No results yet: there is nothing to compare."
    assert summary(Found([], {"a": "away"}), 0, SAY) == "Not compared, as the database failed: 1 (away)."
