"""The dashboard's benchmarks in short: they run, and count something real. No time is judged."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.bench.dashboard import ingest
from tests.bench.dashboard.memory import memory
from tests.bench.dashboard.pixel import page_cold, wire_to_pixel
from tests.bench.dashboard.publisher import names, result_id
from tests.bench.dashboard.query import Asked, postgres_query, sqlite_query

from sagui.deploy.history import Row
from sagui.deploy.history.sqlite import SqliteHistory

Program = Callable[[str], str]


@pytest.fixture
def stage(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mosquitto", "chromium"):
        program(name)
    monkeypatch.chdir(tmp_path)


def kept(per_s: float, *, sustained: bool) -> ingest.Kept:
    return ingest.Kept(per_s, per_s, 0 if sustained else 1, 0.0, 0, 0.1, 50.0, 5.0)


@pytest.mark.usefixtures("stage")
def test_results_are_kept_and_counted_by_id() -> None:
    found = ingest.ingest(200, 2.0, devices=4)
    assert found.lost == 0
    assert 0 < found.kept_per_s <= 210
    assert found.cpu_us > 0
    assert found.publisher_us > 0


@pytest.mark.usefixtures("stage")
def test_a_bare_listener_hears_all() -> None:
    found = ingest.bare(100, devices=4)
    assert found.per_s > 0
    assert found.cpu_us > 0


def test_what_is_not_in_the_database_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    devices = names(3)
    with closing(SqliteHistory(path)) as history:
        said = [(device, result_id(number)) for device in devices for number in range(1, 11)]
        said.remove((devices[1], result_id(7)))
        history.add([Row(device, id_, 1, 1, 1, "cat", 0.5, "pets", "1.0.0", "", 4.5) for device, id_ in said])
    assert ingest._lost(path, 3, 10) == 1
    assert ingest._lost(path, 3, 11) == 4


@pytest.mark.parametrize(
    ("breaks_at", "best", "tried"),
    [
        (99_999, 12_000, [5_000, 8_000, 12_000]),
        (8_000, 5_000, [5_000, 8_000]),
        (5_000, 3_500, [5_000, 3_500]),
        (1_000, 2_000, [5_000, 3_500, 2_000]),
    ],
)
def test_the_highest_rate_that_is_sustained_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, breaks_at: int, best: int, tried: list[int]
) -> None:
    monkeypatch.setattr(ingest, "ingest", lambda per_s, _seconds, _devices: kept(per_s, sustained=per_s < breaks_at))
    found, offered = ingest.most()
    assert found.offered_per_s == best
    assert [one.offered_per_s for one in offered] == tried


@pytest.mark.usefixtures("stage")
def test_all_that_is_said_is_seen_on_the_page() -> None:
    found = wire_to_pixel(40, 20, 2.0)  # once each: what falls together is not shown
    assert (found.said, found.shown) == (40, 40)
    assert 0 < found.p50_ms <= found.p95_ms
    assert found.wire_p95_ms > 0


@pytest.mark.usefixtures("stage")
def test_a_page_is_opened_cold() -> None:
    found = page_cold(20, rounds=1)
    assert 0 < found.first_ms <= found.all_ms
    assert found.bare_ms > 0


@pytest.mark.usefixtures("stage")
def test_memory_is_watched() -> None:
    found = memory(3.0, per_s=50, devices=5)
    assert found.first_mib > 20
    assert found.last_mib > 20
    assert found.bare_mib > 20
    assert found.cores > 0


def test_a_day_of_one_device_is_counted_in_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    is_counted(sqlite_query(20_000, devices=8))


def test_a_day_of_one_device_is_counted_in_postgres(program: Program) -> None:
    program("pg_ctlcluster")
    is_counted(postgres_query(20_000, devices=8))


def is_counted(found: Asked) -> None:
    assert found.counted == 2_500
    assert found.cold_ms > 0
    assert found.again_ms > 0
