from sagui.deploy.dashboard.past.charts import (
    MOST_LABELS,
    by_label,
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
    assert table_rows(labels)[1] == {"label": "dog", "results": "1", "share": "25.0%", "mean_score": "0.500"}
    assert table_columns(speak("pt"))[0]["label"] == "Rótulo"


def test_a_day_without_results_has_no_labels() -> None:
    assert by_label([], DAY, "other") == []
    assert table_rows([]) == []
