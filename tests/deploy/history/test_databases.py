"""What both databases promise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sagui.deploy.history import History, Row
from sagui.deploy.history.port import PAGE

HOUR = 3_600_000
DAY = 24 * HOUR

Make = Callable[..., Row]


def all_rows(history: History, device: str = "porch", since: int = 0, until: int = 2**42) -> list[Row]:
    return [row for page in history.rows(device, since, until) for row in page]


def test_what_was_added_comes_back_as_it_was(history: History, row: Make) -> None:
    odd = row(1, label="<b>çafé</b> 'x'); --", stream="door", score=0.123456789, latency_ms=0.1)
    timeless = row(2, time_ms=None)
    assert history.add([row(), odd, timeless]) == 3
    assert all_rows(history) == [row(), odd, timeless]


def test_a_result_counts_once_however_often_it_is_said(history: History, row: Make) -> None:
    assert history.add([row(1), row(2), row(1)]) == 2
    assert history.add([row(2, received_ms=row(2).received_ms + 9999), row(3)]) == 1
    assert [one.id for one in all_rows(history)] == [row(number).id for number in (1, 2, 3)]


def test_one_that_a_wrong_clock_places_elsewhere_counts_once_too(history: History, row: Make, noon: int) -> None:
    history.add([row(1, time_ms=0)])
    assert history.add([row(1, time_ms=0, received_ms=noon + 60_000)]) == 0


def test_a_device_cannot_take_anothers_ids(history: History, row: Make) -> None:
    history.add([row(1, device="thief")])
    assert history.add([row(1)]) == 1


def test_labels_are_counted_by_the_hour(history: History, row: Make, noon: int) -> None:
    history.add([row(0, score=0.5), row(1, score=1.0), row(2, label="dog")])
    history.add([row(4000), row(5, device="gate")])
    hours = history.hours(noon, noon + DAY, "porch")
    assert [(hour.hour_ms, hour.label, hour.count, hour.score) for hour in hours] == [
        (noon, "cat", 2, 0.75),
        (noon, "dog", 1, 0.75),
        (noon + HOUR, "cat", 1, 0.75),
    ]


def test_an_hour_begins_at_its_first_millisecond(history: History, row: Make, noon: int) -> None:
    hours = range(-400, 400)
    edges = [noon + hour * HOUR + step for hour in hours for step in (-1, 0)]
    history.add([row(number, at_ms=edge) for number, edge in enumerate(edges)])
    found = history.hours(min(edges), max(edges) + 1, "porch")
    assert [(one.hour_ms, one.count) for one in found] == [
        (noon - 401 * HOUR, 1),
        *((noon + hour * HOUR, 2) for hour in hours[:-1]),
        (noon + 399 * HOUR, 1),
    ]


def test_all_devices_are_counted_together_where_none_is_named(history: History, row: Make, noon: int) -> None:
    history.add([row(0), row(5, device="gate")])
    assert [hour.count for hour in history.hours(noon, noon + DAY)] == [2]


def test_a_day_ends_before_the_next_begins(history: History, row: Make, noon: int) -> None:
    day = noon - 12 * HOUR
    edges = [
        row(number, time_ms=at, received_ms=at) for number, at in enumerate((day - 1, day, day + DAY - 1, day + DAY))
    ]
    history.add(edges)
    assert all_rows(history, since=day, until=day + DAY) == edges[1:3]
    assert sum(hour.count for hour in history.hours(day, day + DAY)) == 2


def test_rows_come_in_pages_and_in_order(history: History, row: Make) -> None:
    history.add([row(number) for number in reversed(range(PAGE + 1))])
    pages = list(history.rows("porch", 0, 2**42))
    assert [len(page) for page in pages] == [PAGE, 1]
    assert [one.at_ms for page in pages for one in page] == [row(number).at_ms for number in range(PAGE + 1)]


def test_glances_are_the_same_rows_with_little_of_each(history: History, row: Make, noon: int) -> None:
    history.add([row(number) for number in reversed(range(PAGE + 1))])
    history.add([row(PAGE + 1, label="<b>çafé</b> '", stream="door", score=0.1234567, time_ms=noon + 5_000_001)])
    history.add([row(5, device="gate")])
    pages = list(history.glances("porch", 0, 2**42))
    assert [len(page) for page in pages] == [PAGE, 2]
    expected = sorted(all_rows(history), key=lambda one: one.at_ms)
    glances = [glance for page in pages for glance in page]
    assert glances == [(one.stream, one.label, one.at_ms, one.score) for one in expected]
    assert ("door", "<b>çafé</b> '", noon + 5_000_001, 0.1234567) in glances


def test_glances_end_where_the_day_ends(history: History, row: Make, noon: int) -> None:
    history.add([row(0), row(1), row(2)])
    assert [at for page in history.glances("porch", noon, noon + 2000) for _, _, at, _ in page] == [noon, noon + 1000]
    assert list(history.glances("nobody", 0, 2**42)) == []


def test_devices_are_named_in_order(history: History, row: Make) -> None:
    history.add([row(device=name) for name in ("porch", "gate-2", "gate", "a")])
    assert history.devices() == ["a", "gate", "gate-2", "porch"]


def test_an_empty_history_answers(history: History) -> None:
    assert history.devices() == []
    assert history.hours(0, 2**42) == []
    assert all_rows(history) == []
    assert history.add([]) == 0
    assert history.prune(2**42) == 0


def test_what_is_old_goes(history: History, row: Make, noon: int) -> None:
    history.add([row(0), row(1), row(1, device="gate"), row(10)])
    assert history.prune(noon + 5000) == 3
    assert [one.id for one in all_rows(history)] == [row(10).id]
    assert history.devices() == ["porch"]


def test_rows_can_be_read_while_others_are_written(history: History, row: Make) -> None:
    history.add([row(number) for number in range(PAGE + 10)])
    pages = history.rows("porch", 0, 2**42)
    first = next(pages)
    assert history.add([row(PAGE + 10)]) == 1
    assert len(first) + len(next(pages)) == PAGE + 10


def test_a_history_is_there_again_after_a_restart(tmp_path: Path, postgres_url: str, row: Make) -> None:
    from sagui.deploy.history import open_history

    for where in (str(tmp_path / "a" / "history.db"), postgres_url):
        first = open_history(where)
        first.add([row()])
        first.close()
        again = open_history(where)
        assert again.add([row(), row(1)]) == 1
        assert all_rows(again) == [row(), row(1)]
        again.close()


@pytest.mark.parametrize("label", ["\udc80".encode(errors="replace").decode(), "'; DROP TABLE result; --", "%s", "\\"])
def test_no_label_is_taken_for_a_command(history: History, row: Make, label: str) -> None:
    history.add([row(label=label)])
    assert all_rows(history)[0].label == label
