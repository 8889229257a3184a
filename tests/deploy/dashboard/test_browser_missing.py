"""Pages and devices that are not there, in a real browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.deploy.dashboard.conftest import Dashboard


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_that_is_not_there_leads_to_those_that_are(
    browser: Any, dashboard: Dashboard, screenshots: Path, scheme: str
) -> None:
    context = browser.new_context(locale="pt-BR", color_scheme=scheme, viewport={"width": 390, "height": 844})
    page = context.new_page()
    answer = page.goto(f"{dashboard.url}/nowhere")
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Esta página não existe")).to_be_visible()
    page.screenshot(path=str(screenshots / f"missing-{scheme}.png"))
    page.get_by_role("link", name="Modelos").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No registro")).to_be_visible()
    context.close()


def test_a_device_that_nobody_knows_is_told_and_another_can_be_chosen(
    tab: Any, dashboard: Dashboard, voice: Any, screenshots: Path
) -> None:
    voice.online("gate")
    tab.goto(dashboard.url)
    expect(tab.get_by_role("link", name="gate")).to_be_visible()
    tab.goto(f"{dashboard.url}/history?device=nosuch")
    note = tab.get_by_text("No device “nosuch” is known here. Choose one above.")
    expect(note).to_be_visible()
    expect(tab.get_by_role("link", name="CSV")).to_have_count(0)
    tab.screenshot(path=str(screenshots / "nosuch.png"))
    tab.get_by_label("Device").click()
    tab.get_by_role("option", name="gate").click()
    expect(note).to_be_hidden()
    expect(tab.get_by_role("link", name="CSV")).to_have_count(1)
