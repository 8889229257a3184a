"""The page *Models* in a real browser: rollouts by wave, and what the registry has."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import expect
from tests.deploy.dashboard.models.shelves import Registry
from tests.deploy.rollout.fleet import MqttFleet
from tests.deploy.rollout.people import crowd, failed, plan_for, said

from sagui.deploy.rollout.address import Address
from sagui.deploy.rollout.control import Control
from sagui.deploy.rollout.members import Roster
from sagui.deploy.rollout.mqtt import MqttLine
from sagui.deploy.rollout.rules import Terms, advance, halt, revert
from sagui.deploy.rollout.starting import start
from sagui.wire import Desired, encode, is_asked, topics

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"
REPORT = b"""<!doctype html><meta http-equiv="refresh" content="0;url=/logout"><title>Report</title>
<style>h1 { color: rgb(1, 2, 3) }</style><h1>How good is pets?</h1><script>document.title = "ran"</script>
<img src="data:," onerror="document.title = 'ran'"><a href="javascript:document.title = 'ran'">press me</a>
<form action="/login" method="post"><button>Send</button></form>"""

Start = Callable[..., Any]


class Operator:
    """Does what `sagui rollout` does, a step at a time."""

    def __init__(self, port: int) -> None:
        self._control = Control(lambda: MqttLine(Address("127.0.0.1", port)), "porch", "ana@desk")

    def start(self, version: str, **terms: Any) -> None:
        chosen = Terms(dwell_s=0.0, **terms)
        self._control.change(lambda roster, now: start(roster, ("pets", version), chosen, now, "ana@desk", "r-1"))

    def go_on(self) -> None:
        def decide(roster: Roster, now: datetime) -> Desired | None:
            assert roster.plan
            return advance(roster.plan, roster.members(roster.plan), now, "ana@desk").plan

        assert self._control.change(decide)

    def halt(self, why: str) -> None:
        self._control.change(lambda roster, now: halt(_plan(roster), now, "ana@desk", why))

    def revert(self) -> None:
        self._control.change(lambda roster, now: revert(_plan(roster), "r-2", now, "ana@desk"))

    def close(self) -> None:
        self._control.close()


def _plan(roster: Roster) -> Desired:
    assert roster.plan
    return roster.plan


@pytest.fixture
def operator(mosquitto: Any) -> Iterator[Operator]:
    made = Operator(mosquitto.port)
    yield made
    made.close()


@pytest.fixture
def fleet(mosquitto: Any) -> Iterator[MqttFleet]:
    made = MqttFleet(mosquitto.port, 20)
    yield made
    made.close()


def wave(tab: Any, number: int) -> Any:
    return tab.get_by_role("row").filter(has=tab.get_by_role("rowheader", name=str(number), exact=True))


def test_a_rollout_is_seen_wave_by_wave(
    tab: Any, start_dashboard: Start, mosquitto: Any, fleet: MqttFleet, operator: Operator, screenshots: Path
) -> None:
    tab.goto(f"{start_dashboard(mosquitto.url).url}/models")
    expect(tab.get_by_text("The broker keeps no group's plan.")).to_be_visible()
    operator.start("1.4.0", waves=(0.1, 0.5, 1.0))
    expect(tab.get_by_text("wave 1 of 3")).to_be_visible()
    expect(wave(tab, 1).get_by_role("cell")).to_have_text(["10 %", "2", "", "2", "0", "0", "0", "0"])
    expect(wave(tab, 1).get_by_role("progressbar")).to_have_attribute("aria-valuetext", "2 of 2 confirmed")
    expect(wave(tab, 2).get_by_role("progressbar")).to_have_attribute("aria-valuetext", "not begun")
    expect(wave(tab, 2).get_by_role("cell")).to_have_text(["50 %", "10", "", *"–––––"])  # noqa: RUF001 (as shown)
    before = tab.locator(".q-table__container").bounding_box()
    operator.go_on()
    expect(tab.get_by_text("wave 2 of 3")).to_be_visible()
    expect(wave(tab, 2).get_by_role("progressbar")).to_have_attribute("aria-valuenow", "10")
    assert tab.locator(".q-table__container").bounding_box() == before
    tab.screenshot(path=str(screenshots / "models-wave-2.png"), full_page=True)
    operator.halt(f"the lamp broke {HTML}")
    expect(tab.locator(".rollout .status")).to_contain_text("halted")
    expect(tab.get_by_text(f"the lamp broke {HTML}")).to_be_visible()
    assert tab.locator(".q-table__container").bounding_box() == before
    operator.revert()
    expect(tab.locator(".rollout .headline")).to_contain_text("back from pets 1.4.0")
    expect(tab.get_by_text("Devices that run 1.4.0 go back to the model that each had before.")).to_be_visible()
    expect(wave(tab, 1).get_by_role("progressbar")).to_have_attribute("aria-valuetext", "20 of 20 confirmed")
    expect(tab.get_by_text("ana@desk")).to_be_visible()


def test_devices_that_fail_are_named_with_their_words(tab: Any, dashboard: Any, voice: Any, screenshots: Path) -> None:
    members = crowd(12)
    plan = plan_for(members, datetime.now(UTC), waves=(0.5, 1.0), error=0.1)
    names = [member.device for member in members]
    voice.says([(topics.availability(name), b"online") for name in names])
    voice.says([(topics.update_state(name), encode(said())) for name in names])
    voice.say(topics.desired("porch"), encode(plan))
    tab.goto(f"{dashboard.url}/models")
    expect(wave(tab, 1).get_by_role("cell")).to_have_text(["50 %", "6", "", "0", "0", "6", "0", "0"])
    before = tab.locator(".q-table__container").bounding_box()
    asked = [name for name in names if is_asked(plan, name)]
    voice.say(topics.update_state(asked[0]), encode(failed(plan.id, HTML)))
    expect(wave(tab, 1).get_by_role("cell")).to_have_text(["50 %", "6", "", "0", "1", "5", "0", "0"])
    expect(tab.locator(".failures")).to_have_text(f"{asked[0]}: {HTML}")
    assert (tab.locator(".q-table__container").bounding_box() or {})["y"] == (before or {})["y"]
    voice.say(topics.availability(asked[1]), b"offline")
    expect(wave(tab, 1).get_by_role("cell")).to_have_text(["50 %", "6", "", "0", "1", "4", "1", "0"])
    assert tab.locator("img[src=x]").count() == 0
    tab.screenshot(path=str(screenshots / "models-failures.png"), full_page=True)


def test_what_is_no_plan_is_told_and_groups_without_end_are_bounded(
    tab: Any, dashboard: Any, voice: Any, screenshots: Path
) -> None:
    plan = encode(plan_for(crowd(3), waves=(1.0,)))
    voice.say(topics.desired("evil"), HTML.encode())
    voice.say(topics.desired("newer"), plan.replace(b'"v":1', b'"v":2'))
    voice.say(topics.desired("long"), b"[" * 1_000_000)
    voice.says([(topics.desired(f"g-{number:03d}"), plan) for number in range(120)])
    tab.goto(f"{dashboard.url}/models")
    expect(tab.locator(".rollout").filter(has_text="newer").first).to_contain_text("newer than this sagui")
    expect(tab.locator(".rollout").filter(has_text="long").first).to_contain_text("1,000,000 bytes")
    expect(tab.locator(".rollout")).to_have_count(100)
    expect(tab.get_by_text("There are plans of more groups than are shown here")).to_be_visible()
    tab.screenshot(path=str(screenshots / "models-plans.png"))
    voice.online("porch")
    expect(tab.get_by_role("cell", name="porch", exact=True)).to_be_visible()


def test_five_hundred_devices_in_a_rollout_are_counted(tab: Any, dashboard: Any, voice: Any, screenshots: Path) -> None:
    members = crowd(500)
    plan = msgspec.structs.replace(plan_for(members, datetime.now(UTC)), wave=3, share=1.0)
    names = [member.device for member in members]
    voice.says([(topics.availability(name), b"online") for name in names])
    voice.says([(topics.update_state(name), encode(said())) for name in names])
    voice.say(topics.desired("porch"), encode(plan))
    tab.goto(f"{dashboard.url}/models")
    expect(tab.get_by_text("Devices of the group with this model: 500 (500 under way)")).to_be_visible()
    done = [(topics.update_state(name), encode(said("confirmed", "1.4.0", rollout=plan.id))) for name in names]
    voice.says(done[:350])
    expect(wave(tab, 4).get_by_role("progressbar")).to_have_attribute("aria-valuetext", "350 of 500 confirmed")
    tab.screenshot(path=str(screenshots / "models-500.png"), full_page=True)


@pytest.fixture
def registry(tmp_path: Path, make_manifest: Any) -> Registry:
    made = Registry(tmp_path, make_manifest)
    made.publish("1.3.0")
    made.publish("1.4.0", html=REPORT)
    return made


def test_the_registrys_versions_and_reports_are_shown_and_offered(
    tab: Any, start_dashboard: Start, broker: Any, voice: Any, registry: Registry, screenshots: Path
) -> None:
    dashboard = start_dashboard(broker.url, "--registry", registry.folder)
    for device, version in (("porch", "1.3.0"), ("shed", "9.9.9")):
        voice.online(device)
        voice.say(topics.update_state(device), encode(said(version=version)))
    tab.goto(f"{dashboard.url}/models")
    newest = tab.get_by_role("row").filter(has=tab.get_by_role("rowheader", name="1.4.0 latest"))
    expect(newest).to_contain_text("100.0 %")
    expect(newest).to_contain_text("int8")
    expect(tab.get_by_role("row", name="porch online pets 1.3.0 there")).to_be_visible()
    expect(tab.get_by_role("row", name="shed online pets 9.9.9 not there")).to_be_visible()
    tab.get_by_role("row", name="porch online").get_by_role("checkbox").click()
    tab.get_by_role("button", name="Install").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="1.4.0").click()
    expect(dialog.get_by_label("Version")).to_have_value("1.4.0")
    tab.screenshot(path=str(screenshots / "models-install.png"))
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    registry.publish("1.5.0")
    expect(tab.get_by_role("rowheader", name="1.5.0 latest")).to_be_visible()
    tab.screenshot(path=str(screenshots / "models-registry.png"), full_page=True)
    tab.get_by_role("link", name="Report of pets 1.4.0").click()
    expect(tab.get_by_role("heading", name="How good is pets?")).to_have_css("color", "rgb(1, 2, 3)")
    tab.get_by_role("button", name="Send").click()
    tab.get_by_role("link", name="press me").click()
    tab.wait_for_timeout(500)  # what the report would do by itself, it would have done
    assert tab.url == f"{dashboard.url}/report/pets/1.4.0"
    assert tab.title() == "Report"
    tab.screenshot(path=str(screenshots / "report.png"))


def test_without_a_registry_it_is_said_how_to_give_one(tab: Any, dashboard: Any, voice: Any) -> None:
    voice.online("porch")
    tab.goto(f"{dashboard.url}/models")
    expect(tab.get_by_text("start the dashboard again with --registry DIR")).to_be_visible()


def test_it_fits_a_phone_in_portuguese_and_in_the_dark(
    browser: Any, start_dashboard: Start, broker: Any, voice: Any, registry: Registry, screenshots: Path
) -> None:
    dashboard = start_dashboard(broker.url, "--registry", registry.folder)
    members = crowd(12)
    for member in members:
        voice.online(member.device)
        voice.say(topics.update_state(member.device), encode(said()))
    voice.say(topics.desired("porch"), encode(plan_for(members, datetime.now(UTC))))
    context = browser.new_context(
        locale="pt-BR", color_scheme="dark", viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = context.new_page()
    page.goto(f"{dashboard.url}/models")
    expect(page.get_by_text("onda 1 de 4")).to_be_visible()
    expect(page.get_by_role("rowheader", name="1.4.0 mais nova")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=str(screenshots / "models-phone.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.screenshot(path=str(screenshots / "models-dark.png"), full_page=True)
    context.close()
