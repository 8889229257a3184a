from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.lifetimes import DEFAULT, is_due, parse_lifetimes, parse_span

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.lists(st.floats(0.1, 13.9), max_size=60), st.sampled_from(["targets", "model", "snapshot", "timestamp"]))
def test_who_renews_every_two_weeks_never_lets_anything_expire(gaps_days: list[float], role: str) -> None:
    lifetime, now = DEFAULT.of(role), NOW
    expires = now + lifetime
    for gap in gaps_days:
        now += timedelta(days=gap)
        assert expires > now
        if role == "timestamp" or is_due(expires, lifetime, now):
            expires = now + lifetime


@given(st.timedeltas(timedelta(minutes=1), timedelta(days=3650)), st.floats(0, 2))
def test_it_is_time_when_half_is_over(lifetime: timedelta, part: float) -> None:
    if abs(part - 0.5) > 1e-6:
        assert is_due(NOW + lifetime, lifetime, NOW + part * lifetime) == (part > 0.5)


@given(st.integers(1, 3650))
def test_days_are_read(days: int) -> None:
    assert parse_span(f"{days}d") == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "14", "d", "-1d", "1.5d", "14 d", "0d", "59s", "99999d", "1w", "٣d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(PublishError, match="is no length of time"):
        parse_span(text)


def test_lifetimes_are_read_by_role() -> None:
    assert parse_lifetimes(("timestamp=2d", "model=12h")) == {
        "timestamp": timedelta(days=2),
        "model": timedelta(hours=12),
    }


@pytest.mark.parametrize("text", ["pets=2d", "timestamp", "=2d"])
def test_a_role_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(PublishError, match=r"give ROLE=TIME|is no length of time"):
        parse_lifetimes((text,))
