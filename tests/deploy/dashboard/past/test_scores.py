import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.past.charts import slot_chart, slot_summary
from sagui.deploy.dashboard.past.extent import Extent
from sagui.deploy.dashboard.past.scores import SLOT_MS, SLOTS, Scores, Slot
from sagui.deploy.dashboard.texts import speak
from sagui.deploy.history import Glance
from sagui.deploy.history.rows import DAY_MS

DAY = 1_795_219_200_000

glance = st.tuples(
    st.just(""),
    st.sampled_from(("cat", "dog", "cow", "owl")),
    st.integers(DAY - SLOT_MS, DAY + DAY_MS),
    st.floats(0, 1),
)


def summed(glances: list[Glance], *labels: str) -> Scores:
    scores = Scores(DAY, labels)
    scores.take(glances)
    return scores


@given(st.lists(glance))
def test_each_slot_is_the_mean_and_the_lowest_of_its_results(glances: list[Glance]) -> None:
    line = summed(glances, "cat").line()
    assert len(line) == SLOTS
    for number, slot in enumerate(line):
        begin = DAY + number * SLOT_MS
        scores = [score for _, _, at_ms, score in glances if begin <= at_ms < begin + SLOT_MS]
        if not scores:
            assert slot is None
        else:
            assert slot is not None
            assert (slot.count, slot.lowest) == (len(scores), min(scores))
            assert slot.mean == pytest.approx(sum(scores) / len(scores))


@given(st.lists(glance))
def test_labels_and_the_rest_are_all_there_is(glances: list[Glance]) -> None:
    scores = summed(glances, "cat", "dog")
    count = [sum(slot.count for slot in scores.line(label) if slot) for label in (None, 0, 1, 2)]
    assert count[0] == sum(count[1:]) == len([one for one in glances if DAY <= one[2] < DAY + DAY_MS])
    assert count[1] == len([one for one in glances if one[1] == "cat" and DAY <= one[2] < DAY + DAY_MS])


def test_the_chart_has_gaps_where_nothing_was_said() -> None:
    line = summed([("", "cat", DAY + 7 * SLOT_MS, 0.5), ("", "cat", DAY + 7 * SLOT_MS, 0.25)]).line()
    mean, lowest = slot_chart(line, Extent(), speak("en"))["series"]
    assert mean["data"][6:9] == [None, 0.375, None]
    assert lowest["data"][7] == 0.25
    assert slot_chart(line, Extent(), speak("en"))["xAxis"]["data"][7] == "00:35"
    assert slot_chart(line, Extent(), speak("en"))["tooltip"]["renderMode"] == "richText"


def test_the_numbers_are_said_in_words() -> None:
    line: list[Slot | None] = [None, Slot(3, 0.5, 0.2), Slot(1, 0.9, 0.9)]
    assert slot_summary(line, speak("en")) == "Results: 4. Mean 0.600; lowest 0.200, in the five minutes from 00:05."
    assert slot_summary([None], speak("en")) == "No results on this day."
