"""The page *History* in a real browser: a day of a device, and databases that are not well."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect
from tests.deploy.dashboard.conftest import Dashboard
from tests.deploy.history.conftest import postgres, postgres_url

from sagui.deploy.dashboard.past.timeline import MOST_INTERVALS
from sagui.deploy.history import Row
from sagui.deploy.history.postgres import PostgresHistory
from sagui.deploy.history.rows import DAY_MS, HOUR_MS
from sagui.deploy.history.sqlite import SqliteHistory

__all__ = ["postgres", "postgres_url"]

DAY = 1_795_219_200_000  # 2026-11-21
HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def row(device: str, of_day_ms: int, label: str, score: float = 0.9, stream: str = "") -> Row:
    at_ms = DAY + of_day_ms
    return Row(device, f"a{at_ms}{stream}", at_ms, at_ms, at_ms, label, score, "pets", "1.0.0", stream, 4.5)


def a_feeder() -> Iterator[Row]:
    """A cat at night and on some visits, a result in 10 seconds; nobody says anything from 12:00 to 14:30."""
    for at_ms in range(-HOUR_MS, DAY_MS + HOUR_MS, 10_000):
        hour, in_hour_s = at_ms // HOUR_MS, at_ms % HOUR_MS // 1000
        if 12 * HOUR_MS <= at_ms < 14.5 * HOUR_MS:
            continue
        visit = 600 <= in_hour_s < 600 + 90 * (hour % 5)
        label = "cat" if at_ms < 2 * HOUR_MS else "dog" if visit and hour % 3 else "cat" if visit else "empty"
        yield row("feeder", at_ms, label, 0.6 + 0.35 * ((at_ms // 10_000) * 7919 % 100) / 100)


def all_rows() -> Iterator[Row]:
    yield from a_feeder()
    for at_ms in range(6 * HOUR_MS, 9 * HOUR_MS, 20_000):
        yield row("gate", at_ms, "open" if at_ms % 600_000 < 120_000 else "shut", stream="door")
        yield row("gate", at_ms, HTML if at_ms % HOUR_MS < 600_000 else "empty", stream="yard")
    for number in range(20_000):
        yield row("nervous", number * 4000, f"label {number % 12:02d}", 0.3)


@pytest.fixture(scope="module")
def filled(broker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("history")
    history = SqliteHistory(folder / "history.db")
    history.add(list(all_rows()))
    history.close()
    started = Dashboard(folder, broker.url, "--days", 0)
    yield started
    status, output = started.stop()
    assert status == 0
    assert all(line.startswith(("results are not saved: ", "results are saved again")) for line in output.splitlines())


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def timeline(tab: Any) -> Any:
    return tab.locator("section.panel", has=tab.get_by_role("heading", name="Labels over the day"))


def test_a_day_is_drawn_and_told_from_result_to_result(tab: Any, filled: Dashboard, screenshots: Path) -> None:
    tab.goto(f"{filled.url}/history?device=feeder&day=2026-11-21")
    expect(timeline(tab).locator(".bands > svg rect").first).to_be_attached()
    expect(timeline(tab).locator(".legend li")).to_have_text(["empty", "cat", "dog"])
    titles = timeline(tab).locator(".bands > svg title").all_text_contents()
    (night,) = [title for title in titles if "00:00:00 or earlier" in title]
    assert "02:00:00 (2 h), results 720, mean score 0." in night
    expect(timeline(tab)).to_contain_text("More than 1 min without a result is a gap.")
    rows = timeline(tab).get_by_role("row")
    expect(rows).to_have_count(11)
    expect(rows.nth(1)).to_contain_text("24:00:00 or later")
    counted = timeline(tab).locator(".q-table__bottom")
    expect(counted).to_contain_text(f"1-10 of {len(titles)}")
    tab.screenshot(path=str(screenshots / "timeline.png"), full_page=True)
    ends = [title for title in titles if "11:59:50" in title]
    assert len(ends) == 1  # what follows is a silence: the label is not said to have held
    assert any("14:30:00" in title for title in titles)


def test_the_table_is_turned_with_the_keyboard(tab: Any, filled: Dashboard) -> None:
    tab.goto(f"{filled.url}/history?device=feeder&day=2026-11-21")
    before = timeline(tab).get_by_role("row").nth(1).text_content()
    turn = timeline(tab).get_by_role("button", name="Next page")
    turn.focus()
    tab.keyboard.press("Enter")
    expect(timeline(tab).locator(".q-table__bottom")).to_contain_text("11-20 of")
    assert timeline(tab).get_by_role("row").nth(1).text_content() != before
    expect(timeline(tab).get_by_role("row")).to_have_count(11)


def test_days_are_turned_with_the_keyboard(tab: Any, filled: Dashboard) -> None:
    tab.goto(f"{filled.url}/history?device=feeder&day=2026-11-21")
    expect(timeline(tab)).to_be_visible()
    tab.get_by_role("button", name="Previous day").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_label("Day (UTC)")).to_have_value("2026-11-20")
    expect(timeline(tab).get_by_role("row").nth(1)).to_contain_text("24:00:00 or later")
    expect(timeline(tab).get_by_role("row")).to_have_count(2)
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("No results on this day.")).to_be_visible()
    expect(timeline(tab)).to_have_count(0)
    tab.get_by_role("button", name="Next day").focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Enter")
    expect(tab.get_by_label("Day (UTC)")).to_have_value("2026-11-21")
    expect(timeline(tab).locator(".q-table__bottom")).to_contain_text("1-10 of")


def test_scores_are_those_of_the_label_that_is_chosen(tab: Any, filled: Dashboard) -> None:
    tab.goto(f"{filled.url}/history?device=gate&day=2026-11-21")
    panel = tab.locator("section.panel", has=tab.get_by_role("heading", name="Score of each five minutes"))
    expect(panel.get_by_role("status")).to_have_text(
        "Results: 1,080. Mean 0.900; lowest 0.900, in the five minutes from 06:00."
    )
    panel.get_by_label("Label of the scores").click()
    tab.get_by_role("option", name="open").click()
    expect(panel.get_by_role("status")).to_contain_text("Results: 108.")
    panel.get_by_label("Label of the scores").click()
    tab.get_by_role("option", name="<img").click()
    expect(panel.get_by_role("status")).to_contain_text("Results: 90.")
    panel.locator(".chart").hover()


def test_streams_and_hostile_labels_are_text(tab: Any, filled: Dashboard, screenshots: Path) -> None:
    tab.goto(f"{filled.url}/history?device=gate&day=2026-11-21")
    expect(timeline(tab).locator(".bands .part")).to_have_text(["door", "yard"])
    expect(timeline(tab).locator(".legend li", has_text=HTML)).to_be_visible()
    expect(timeline(tab).get_by_role("columnheader", name="Stream")).to_be_visible()
    timeline(tab).locator(".q-table__bottom").get_by_role("combobox").click()
    tab.get_by_role("option", name="100").click()
    expect(timeline(tab).get_by_role("cell", name=HTML).first).to_be_visible()
    timeline(tab).locator(".bands > svg").last.hover()
    tab.screenshot(path=str(screenshots / "streams.png"), full_page=True)
    assert tab.locator("img[src=x]").count() == 0


def test_a_device_that_changes_its_mind_all_day_is_drawn_in_bounds(
    tab: Any, filled: Dashboard, screenshots: Path
) -> None:
    tab.goto(f"{filled.url}/history?device=nervous&day=2026-11-21")
    expect(timeline(tab)).to_contain_text("There are more intervals than can be drawn")
    expect(timeline(tab).locator(".legend li").last).to_have_text("changing")
    assert 0 < timeline(tab).locator(".bands > svg rect").count() <= MOST_INTERVALS
    expect(timeline(tab).get_by_role("cell", name="changing (").first).to_be_visible()
    timeline(tab).screenshot(path=str(screenshots / "changing.png"))


def test_of_all_devices_there_is_no_timeline(tab: Any, filled: Dashboard) -> None:
    tab.goto(f"{filled.url}/history?day=2026-11-21")
    expect(tab.get_by_text("Choose a device to see which label held when.")).to_be_visible()
    expect(timeline(tab)).to_have_count(0)
    tab.get_by_label("Device").click()
    tab.get_by_role("option", name="gate").click()
    expect(timeline(tab)).to_be_visible()
    expect(tab.get_by_text("Choose a device to see which label held when.")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(browser: Any, filled: Dashboard, screenshots: Path, scheme: str) -> None:
    context = browser.new_context(locale="pt-BR", color_scheme=scheme, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{filled.url}/history?device=feeder&day=2026-11-21")
    expect(page.locator(".bands > svg rect").first).to_be_attached()
    expect(page.get_by_role("heading", name="Pontuação de cada cinco minutos")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button = page.get_by_role("button", name="Dia anterior").bounding_box()
    assert button is not None
    assert min(button["width"], button["height"]) >= 44  # a finger (WCAG 2.5.5)
    page.screenshot(path=str(screenshots / f"timeline-phone-{scheme}.png"), full_page=True)
    context.close()


def test_a_file_that_is_away_is_told_in_a_line_and_shown_when_it_is_back(tab: Any, filled: Dashboard) -> None:
    tab.goto(f"{filled.url}/history?device=feeder&day=2026-11-20")
    expect(timeline(tab)).to_be_visible()
    away = filled.database.with_name("away.db")
    filled.database.rename(away)
    try:
        tab.get_by_role("button", name="Next day").click()
        expect(timeline(tab)).to_have_count(0)
        expect(tab.get_by_text("was deleted or moved").first).to_be_visible()
    finally:
        away.rename(filled.database)
    for _ in range(20):  # until it is seen that the file is back
        tab.goto(f"{filled.url}/history?device=feeder&day=2026-11-20")
        tab.wait_for_timeout(1000)
        if timeline(tab).is_visible():
            break
    expect(timeline(tab)).to_be_visible()


def test_the_past_is_shown_while_another_program_holds_the_file(
    tab: Any, filled: Dashboard, voice: Any, words: Any
) -> None:
    with closing(sqlite3.connect(filled.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        voice.say("sagui/late/result", words.result(1), retain=False)
        tab.goto(f"{filled.url}/history?device=feeder&day=2026-11-21")
        expect(timeline(tab)).to_be_visible()
        expect(tab.get_by_text("is locked by another program; close that")).to_be_visible()
        other.execute("ROLLBACK")
    expect(tab.get_by_text("is locked by another program")).to_be_hidden()


def test_a_server_that_takes_nothing_or_goes_away_is_told_and_the_page_stays(
    tab: Any,
    start_dashboard: Callable[..., Dashboard],
    broker: Any,
    voice: Any,
    words: Any,
    eventually: Callable[..., bool],
    request: pytest.FixtureRequest,
) -> None:
    server, url = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_url")
    history = PostgresHistory(url)
    history.add([row("feeder", number * 10_000, "cat") for number in range(100)])
    history.close()
    dashboard = start_dashboard(broker.url, "--database", url, "--days", 0)
    with psycopg.connect(server.url(), autocommit=True) as other:
        other.execute("ALTER DATABASE test SET default_transaction_read_only = on")
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'")
    voice.say("sagui/feeder/result", words.result(1), retain=False)
    tab.goto(f"{dashboard.url}/history?device=feeder&day=2026-11-21")
    expect(tab.get_by_text("read-only transaction")).to_be_visible()
    expect(timeline(tab).get_by_role("cell", name="cat")).to_be_visible()
    server.stop()
    tab.get_by_role("button", name="Previous day").click()
    note = tab.locator(".quiet[role=status]", has_text="postgresql://sagui@127.0.0.1")
    expect(note).to_be_visible()
    assert "\n" not in (note.text_content() or "\n")
    server.start()
    assert eventually(lambda: answers(server.url()))
    expect(tab.get_by_text("Results are not being saved: database")).to_be_visible()
    tab.get_by_role("button", name="Next day").click()
    expect(timeline(tab).get_by_role("cell", name="cat")).to_be_visible()
    status, output = dashboard.stop()
    assert status == 0
    assert all(line.startswith(("results are not saved: ", "results are saved again")) for line in output.splitlines())
