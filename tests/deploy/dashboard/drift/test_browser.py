"""The page *Drift* in a real browser, over a history that was filled beforehand."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import time
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.deploy.dashboard.conftest import Dashboard

from sagui.deploy.history import Row
from sagui.deploy.history.sqlite import SqliteHistory

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HOUR = 3_600_000
DAY = 24 * HOUR

Start = Callable[..., Any]
Seen = Sequence[tuple[str, float]]


def seen(device: str, begin_ms: int, hours: int, what: Seen, stream: str = "") -> Iterator[Row]:
    """Results at even distances, of each hour these."""
    for hour in range(hours):
        for number, (label, score) in enumerate(what):
            at_ms = begin_ms + hour * HOUR + number * HOUR // len(what)
            name = f"{begin_ms}-{stream}-{hour}-{number}"
            yield Row(device, name, at_ms, at_ms, at_ms, label, score, "pets", "1.2.3", stream, 4.5)


def usual(cats: int) -> Seen:
    return [("cat", 0.91)] * cats + [("dog", 0.91)] * (10 - cats)


@pytest.fixture(scope="module")
def dashboard(broker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Over a device that changed, two that are steady, one that is new, and one that is hostile."""
    folder = tmp_path_factory.mktemp("drift")
    fill(folder)
    started = Dashboard(folder, broker.url)
    yield started
    assert started.stop() == (0, "")


def fill(folder: Path) -> None:
    now_ms = round(time() * 1000)
    week, today = now_ms - 10 * DAY, now_ms - 20 * HOUR
    history = SqliteHistory(folder / "history.db")
    history.add(
        [*seen("porch", week, 7 * 24, usual(6)), *seen("porch", today, 20, [("cat", 0.74)] + [("dog", 0.74)] * 7)]
    )
    history.add([*seen("attic", week, 7 * 24, usual(5)), *seen("attic", today, 20, usual(5))])
    history.add([*seen("shed", today, 2, usual(5))])
    history.add([*seen("evil", week, 7 * 24, usual(5)), *seen("evil", today, 20, [(HTML, 1.0)] * 10)])
    history.add([*seen("gate", week, 7 * 24, usual(5), "left"), *seen("gate", today, 20, usual(5), "left")])
    history.close()


def line(tab: Any, device: str) -> Any:
    return tab.get_by_role("row").filter(has=tab.get_by_role("cell", name=device, exact=True))


def test_a_changed_device_is_told_with_what_changed_and_what_to_do(
    tab: Any, dashboard: Dashboard, screenshots: Path
) -> None:
    tab.goto(f"{dashboard.url}/drift?device=porch")
    expect(tab.get_by_text("Changed: 2. Steady: 2. Too few results: 1.")).to_be_visible()
    warning = tab.get_by_role("alert")
    expect(warning).to_contain_text("“cat” was 60% in the first week and is 12% now")
    expect(warning).to_contain_text("the mean score fell from 0.91 to 0.74")
    expect(warning).to_contain_text("look at the photos; consider [collect] and training again")
    expect(tab.get_by_role("cell", name="12.5%")).to_be_visible()
    expect(tab.locator(".chart svg")).to_be_visible()
    tab.screenshot(path=str(screenshots / "drift.png"), full_page=True)


def test_the_most_changed_come_first_and_each_can_be_looked_at(tab: Any, dashboard: Dashboard) -> None:
    tab.goto(dashboard.url)
    tab.get_by_role("link", name="Drift").click()
    expect(tab.get_by_role("row").nth(1)).to_contain_text("▲ changed")
    expect(tab.get_by_role("row").nth(2)).to_contain_text("▲ changed")
    expect(line(tab, "attic")).to_contain_text("● steady")
    expect(line(tab, "gate · left")).to_contain_text("● steady")
    expect(line(tab, "shed")).to_contain_text("… too few")
    line(tab, "attic").get_by_role("checkbox").click()
    expect(tab.get_by_text("Much as in the first week")).to_be_visible()
    expect(tab.get_by_role("alert")).to_have_count(0)
    line(tab, "shed").get_by_role("checkbox").click()
    expect(tab.get_by_text("Nothing to compare with yet")).to_be_visible()


def test_another_period_is_compared_when_it_is_chosen(tab: Any, dashboard: Dashboard) -> None:
    tab.goto(f"{dashboard.url}/drift?device=porch")
    expect(line(tab, "porch")).to_contain_text("▲ changed")
    tab.get_by_label("Compare the last").click()
    tab.get_by_role("option", name="hour", exact=True).click()
    expect(line(tab, "porch")).to_contain_text("… too few")


def test_a_hostile_label_is_text(tab: Any, dashboard: Dashboard) -> None:
    tab.goto(f"{dashboard.url}/drift?device=evil")
    expect(tab.get_by_role("alert")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(tab.get_by_role("cell", name=HTML)).to_be_visible()
    tab.locator(".chart").hover()
    assert tab.locator("img[src=x]").count() == 0


def test_five_hundred_devices_are_compared(tab: Any, tmp_path: Path, start_dashboard: Start, broker: Any) -> None:
    begin_ms = round(time() * 1000) - 3 * DAY
    history = SqliteHistory(tmp_path / "history.db")
    for number in range(500):
        today = seen(f"cam-{number:03d}", begin_ms + 2 * DAY + HOUR, 10, usual(1 if number == 321 else 6))
        history.add([*seen(f"cam-{number:03d}", begin_ms, 40, usual(6)), *today])
    history.close()
    dashboard = start_dashboard(broker.url)
    tab.goto(f"{dashboard.url}/drift")
    expect(tab.get_by_text("Changed: 1. Steady: 499. Too few results: 0.")).to_be_visible(timeout=180_000)
    expect(tab.get_by_role("row").nth(1)).to_contain_text("cam-321")
    expect(tab.get_by_role("alert")).to_contain_text("“cat” was 60% in the first 2 days and is 10% now")
    tab.get_by_label("Search").fill("cam-49")
    expect(tab.get_by_text("1-10 of 10")).to_be_visible()


def test_an_empty_history_says_so(tab: Any, start_dashboard: Start, broker: Any) -> None:
    dashboard = start_dashboard(broker.url)
    tab.goto(f"{dashboard.url}/drift?device=<b>&span=nonsense")
    expect(tab.get_by_text("No results yet: there is nothing to compare.")).to_be_visible()


def test_a_database_that_fails_is_told_in_one_line(
    tab: Any, tmp_path: Path, start_dashboard: Start, broker: Any
) -> None:
    dashboard = start_dashboard(broker.url)
    for path in sorted(tmp_path.glob("history.db*")):  # the file before its log: who opens it anew begins anew
        path.unlink(missing_ok=True)
    (tmp_path / "history.db").mkdir()  # or it would be made anew
    tab.goto(f"{dashboard.url}/drift")
    note = tab.locator(".count")
    expect(note).to_contain_text(f"database {tmp_path / 'history.db'}: ")
    assert "\n" not in (note.text_content() or "\n")


def test_it_is_in_the_readers_language_and_fits_a_phone(browser: Any, dashboard: Dashboard, screenshots: Path) -> None:
    context = browser.new_context(
        locale="pt-BR", color_scheme="dark", viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = context.new_page()
    page.goto(f"{dashboard.url}/drift?device=porch")
    expect(page.get_by_role("alert")).to_contain_text(
        "“cat” respondia por 60% dos resultados na primeira semana e agora por 12%"
    )
    expect(page.get_by_role("link", name="Deriva")).to_have_attribute("aria-current", "page")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=str(screenshots / "drift-phone.png"), full_page=True)
    context.close()
