import re

import pytest

from sagui.deploy.dashboard.past.page import day_beside, day_ms


@pytest.mark.parametrize(
    ("text", "days", "beside"),
    [
        ("2026-11-21", 1, "2026-11-22"),
        ("2026-03-01", -1, "2026-02-28"),
        ("2024-12-31", 1, "2025-01-01"),
    ],
)
def test_the_day_beside_is_that_of_the_calendar(text: str, days: int, beside: str) -> None:
    assert day_beside(text, days) == beside


@pytest.mark.parametrize(("text", "days"), [("", 1), ("yesterday", -1), ("0001-01-01", -1), ("9999-12-31", 1)])
def test_where_there_is_no_day_beside_it_is_today(text: str, days: int) -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", day_beside(text, days))


@pytest.mark.parametrize("text", ["", "2026-02-30", "<b>", "0000-01-01", "2026-11-21T00:00"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert day_ms(text) is None


def test_a_day_begins_at_midnight_utc() -> None:
    assert day_ms("2026-11-21") == 1_795_219_200_000
    assert day_ms("0001-01-01") is not None
