"""The fleet's benchmark in short: it runs, and loses nothing. No time is judged."""

from collections.abc import Callable

from tests.bench.fleet import measure, median, rows


def test_a_small_fleet_is_measured_and_nothing_is_lost(program: Callable[[str], str]) -> None:
    program("mosquitto")
    program("mosquitto_sub")
    measured = measure(10, 5.0, seconds=2.0)
    assert measured.devices == 10
    assert measured.lost == 0
    assert measured.said_per_s > 5
    assert measured.heard_per_s > 5
    assert 0 < measured.p50_ms <= measured.p99_ms
    assert measured.broker_mib > 1
    assert [row.name for row in rows(median([measured] * 3))] == ["fleet_10_results", "fleet_10_broker", "fleet_10_p99"]
