from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.past.charts import (
    COLOURS,
    MOST_LABELS,
    OTHER_COLOUR,
    by_label,
    colours_of,
    count_chart,
    score_chart,
    table_columns,
    table_rows,
)
from sagui.deploy.dashboard.texts import speak
from sagui.deploy.history import HourCount
from sagui.deploy.history.rows import HOUR_MS

DAY = 1_795_219_200_000


def hour(index: int, label: str, count: int, score: float = 0.5) -> HourCount:
    return HourCount(DAY + index * HOUR_MS, label, count, score)


def test_hours_become_a_day_of_each_label() -> None:
    cat, dog = by_label([hour(0, "cat", 3, 1.0), hour(23, "cat", 1, 0.5), hour(5, "dog", 2)], DAY, "other")
    assert (cat.label, cat.total, cat.counts[0], cat.counts[23]) == ("cat", 4, 3, 1)
    assert (cat.scores[0], cat.scores[1], cat.score) == (1.0, None, 0.875)
    assert (dog.label, dog.total) == ("dog", 2)


def test_the_rare_labels_are_one() -> None:
    labels = by_label([hour(1, f"label {number:03d}", 100 - number, 0.4) for number in range(100)], DAY, "other")
    assert len(labels) == MOST_LABELS + 1
    assert labels[-1].label == "other"
    assert sum(one.total for one in labels) == sum(range(1, 101))
    assert abs(labels[-1].score - 0.4) < 1e-9


def test_charts_say_the_counts_and_the_scores() -> None:
    labels = by_label([hour(7, "cat", 3, 0.25)], DAY, "other")
    counts, scores = count_chart(labels), score_chart(labels)
    assert counts["series"][0]["name"] == "cat"
    assert counts["series"][0]["data"][7] == 3
    assert scores["series"][0]["data"][6:8] == [None, 0.25]
    assert len(counts["xAxis"]["data"]) == 24


def test_no_tooltip_is_html() -> None:
    labels = by_label([hour(7, "<img src=x onerror=alert(1)>", 3)], DAY, "other")
    assert count_chart(labels)["tooltip"]["renderMode"] == "richText"


def test_the_table_says_the_same() -> None:
    labels = by_label([hour(0, "cat", 3), hour(0, "dog", 1)], DAY, "other")
    assert table_rows(labels, speak("en"))[1] == {
        "label": "dog",
        "results": "1",
        "share": "25.0%",
        "mean_score": "0.500",
    }
    assert table_rows(labels, speak("pt"))[1]["share"] == "25,0%"
    assert table_columns(speak("pt"))[0]["label"] == "Rótulo"


def test_a_day_without_results_has_no_labels() -> None:
    assert by_label([], DAY, "other") == []
    assert table_rows([], speak("en")) == []


@given(st.lists(st.text(), max_size=MOST_LABELS, unique=True), st.randoms())
def test_a_colour_goes_by_the_name_and_not_by_the_rank(labels: list[str], chance: Random) -> None:
    colours = colours_of(labels)
    assert list(colours) == labels
    assert len(set(colours.values())) == len(labels)
    chance.shuffle(labels)
    assert colours_of(labels) == colours


def test_a_label_keeps_its_colour_where_others_are_seen_too() -> None:
    alone = colours_of(["cat"])["cat"]
    assert alone in COLOURS
    beside = [colours_of(["cat", other])["cat"] for other in ("dog", "door", "empty", "open", "shut", "unknown")]
    assert beside.count(alone) >= 5


def test_the_charts_draw_the_rest_in_a_colour_of_its_own() -> None:
    labels = by_label([hour(1, f"label {number:03d}", 100 - number) for number in range(20)], DAY, "other")
    drawn = {series["name"]: series["itemStyle"]["color"] for series in count_chart(labels)["series"]}
    assert drawn == colours_of([one.label for one in labels[:MOST_LABELS]]) | {"other": OTHER_COLOUR}
    fewer = count_chart(labels[2:5])["series"][0]
    assert fewer["name"] == labels[2].label
