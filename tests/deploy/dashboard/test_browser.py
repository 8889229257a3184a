"""The pages in a real browser, with a real broker between."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.publish import single
from playwright.sync_api import expect
from tests.device.running import Agent

from sagui.wire import UpdateOrder, UpdateState, decode, encode, timestamp, topics

JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300030202020202030202020303030304060404040404080606050609080a0a090809"
    "090a0c0f0c0a0b0e0b09090d110d0e0f101011100a0c12131210130f101010ffc9000b080001000101011100ffcc000600101005ffda00080101"
    "00003f00d2cf20ffd9"
)
HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"

Start = Callable[..., Any]


def card(tab: Any, device: str) -> Any:
    return tab.locator("article.card", has=tab.get_by_role("link", name=device, exact=True))


def test_what_a_device_says_is_seen_at_once(
    tab: Any, dashboard: Any, voice: Any, words: Any, screenshots: Path
) -> None:
    tab.goto(dashboard.url)
    expect(tab.get_by_text("No device has said anything yet")).to_be_visible()
    voice.online("porch", "cat")
    expect(card(tab, "porch").locator(".label")).to_have_text("cat")
    voice.say(topics.state("porch"), words.state("dog", 0.87))
    voice.say(topics.telemetry("porch"), words.telemetry())
    voice.say(topics.snapshot("porch"), JPEG)
    expect(card(tab, "porch").locator(".label")).to_have_text("dog")
    expect(card(tab, "porch").locator(".score")).to_have_text("87%")
    expect(card(tab, "porch")).to_contain_text("65 ms")
    expect(card(tab, "porch").get_by_role("img", name="Latest photo of porch")).to_be_visible()
    voice.say(topics.result("porch"), words.result(1, "dog", 0.55), retain=False)
    expect(card(tab, "porch").locator(".score")).to_have_text("55%")
    tab.screenshot(path=str(screenshots / "now.png"))


def test_a_device_that_goes_stands_out(tab: Any, dashboard: Any, voice: Any) -> None:
    voice.online("porch")
    tab.goto(dashboard.url)
    expect(card(tab, "porch").locator(".status.online")).to_be_visible()
    voice.say(topics.availability("porch"), b"offline")
    expect(card(tab, "porch").locator(".status.offline")).to_contain_text("offline")
    expect(tab.get_by_text("Devices: 1 (0 online, 0 silent, 1 offline)")).to_be_visible()


def test_a_hostile_device_harms_nothing_and_is_shown_as_such(
    tab: Any, dashboard: Any, voice: Any, words: Any, screenshots: Path
) -> None:
    voice.online("evil", HTML)
    voice.say(topics.health("evil"), words.health(HTML))
    voice.say(topics.telemetry("evil"), b"x" * 10_000_000)
    voice.say(topics.snapshot("evil"), b"<svg onload=alert(3)>")
    tab.goto(dashboard.url)
    expect(card(tab, "evil").locator(".label")).to_have_text(HTML)
    expect(card(tab, "evil").locator(".troubles")).to_contain_text(HTML)
    expect(card(tab, "evil")).to_contain_text("10,000,000 bytes")
    voice.says([(topics.result("evil"), b"{}")] * 2000, retain=False)
    expect(card(tab, "evil")).to_contain_text("messages in a second")
    voice.online("porch")
    expect(card(tab, "porch").locator(".label")).to_have_text("cat")
    card(tab, "evil").screenshot(path=str(screenshots / "evil.png"))
    tab.goto(f"{dashboard.url}/models")
    expect(tab.get_by_text("pets 1.2.3", exact=False).first).to_be_visible()
    assert tab.locator("img[src=x]").count() == 0


def test_a_broker_that_goes_is_told_and_one_that_comes_back_is_heard(
    tab: Any, start_dashboard: Start, stopped_mosquitto: Any, words: Any
) -> None:
    dashboard = start_dashboard(stopped_mosquitto.url)
    tab.goto(dashboard.url)
    expect(tab.get_by_text("The broker is away")).to_be_visible()
    for label in ("cat", "dog"):
        stopped_mosquitto.start()
        expect(tab.get_by_text("The broker is away")).to_be_hidden()
        single(topics.state("porch"), words.state(label), qos=1, port=stopped_mosquitto.port)
        expect(card(tab, "porch").locator(".label")).to_have_text(label)
        stopped_mosquitto.stop()
        expect(tab.get_by_text("The broker is away")).to_be_visible()


def test_five_hundred_devices_are_shown_and_found(
    tab: Any, dashboard: Any, voice: Any, words: Any, screenshots: Path
) -> None:
    names = [f"cam-{number:03d}" for number in range(500)]
    voice.says([(topics.availability(name), b"online") for name in names])
    voice.says([(topics.state(name), words.state("cat" if number % 2 else "dog")) for number, name in enumerate(names)])
    tab.goto(dashboard.url)
    expect(tab.get_by_text("Devices: 500 (500 online")).to_be_visible()
    expect(tab.locator("article.card")).to_have_count(500)
    tab.screenshot(path=str(screenshots / "five-hundred.png"))
    tab.get_by_label("Search device or label").fill("cam-49")
    expect(tab.locator("article.card:visible")).to_have_count(10)
    tab.get_by_label("Search device or label").fill("nothing at all")
    expect(tab.get_by_text("No device fits the search.")).to_be_visible()


def test_cards_are_sorted_as_chosen(tab: Any, dashboard: Any, voice: Any) -> None:
    for device, label in (("a", "dog"), ("b", "ant"), ("c", "cat")):
        voice.online(device, label)
    voice.say(topics.availability("c"), b"offline")
    tab.goto(dashboard.url)
    expect(tab.locator("article .name")).to_have_text(["a", "b", "c"])
    tab.get_by_label("Sort by").click()
    tab.get_by_role("option", name="Trouble first").click()
    expect(tab.locator("article .name")).to_have_text(["c", "a", "b"])
    tab.get_by_label("Sort by").click()
    tab.get_by_role("option", name="Label").click()
    expect(tab.locator("article .name")).to_have_text(["b", "c", "a"])


def test_the_past_is_counted_and_can_be_downloaded(
    tab: Any, dashboard: Any, voice: Any, words: Any, screenshots: Path, eventually: Callable[..., bool]
) -> None:
    voice.online("attic")
    for number in range(30):
        label = "dog" if number % 3 else HTML
        voice.say(topics.result("attic"), words.result(number, label), retain=False)
    ask = "SELECT count(*) FROM result JOIN name ON key = device WHERE text = 'attic'"
    assert eventually(lambda: _ask(dashboard.database, ask) == (30,))
    tab.goto(dashboard.url)
    card(tab, "attic").get_by_role("link", name="attic").click()
    expect(tab.get_by_role("cell", name="dog").first).to_be_visible()
    expect(tab.get_by_role("cell", name="66.7%")).to_be_visible()
    expect(tab.get_by_role("cell", name=HTML).first).to_be_visible()
    tab.locator(".chart").first.hover()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 31
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Parquet").click()
    assert Path(download.value.path()).read_bytes().startswith(b"PAR1")
    tab.screenshot(path=str(screenshots / "history.png"))


def test_an_order_is_asked_for_confirmed_and_sent(
    tab: Any, dashboard: Any, voice: Any, broker: Any, screenshots: Path, eventually: Callable[..., bool]
) -> None:
    orders: list[Any] = []
    device = mqtt.Client(CallbackAPIVersion.VERSION2)
    device.on_message = lambda _client, _data, message: orders.append((message.retain, bytes(message.payload)))
    device.connect("127.0.0.1", broker.port)
    device.subscribe(topics.update_set("porch"), qos=1)
    device.loop_start()
    voice.online("porch")
    state = UpdateState(
        time=timestamp(0), model="pets", installed_version="1.0.0", in_progress=True, phase="downloading",
        update_percentage=42,
    )  # fmt: skip
    voice.say(topics.update_state("porch"), encode(state))
    tab.goto(f"{dashboard.url}/models")
    expect(tab.get_by_text("pets 1.0.0: 1")).to_be_visible()
    expect(tab.get_by_role("cell", name="downloading 42%")).to_be_visible()
    tab.get_by_role("button", name="Install").click()
    expect(tab.get_by_text("Choose devices in the table first.")).to_be_visible()
    tab.get_by_role("row", name="porch").get_by_role("checkbox").click()
    tab.get_by_role("button", name="Install").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Version").fill("newest")
    dialog.get_by_role("button", name="Install").click()
    expect(dialog.get_by_text("Write it as 1.4.0")).to_be_visible()
    tab.screenshot(path=str(screenshots / "models.png"))
    assert orders == []
    dialog.get_by_label("Version").fill("1.4.0")
    dialog.get_by_role("button", name="Install").click()
    expect(tab.get_by_text("Devices asked: 1")).to_be_visible()
    assert eventually(lambda: bool(orders))
    device.loop_stop()
    ((retained, payload),) = orders
    order = decode(payload, UpdateOrder)
    assert (retained, order.order, order.version) == (0, "install", "1.4.0")


def test_a_password_stands_before_everything(
    tab: Any, start_dashboard: Start, broker: Any, voice: Any, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    dashboard = start_dashboard(broker.url, "--password-file", tmp_path / "password")
    voice.online("porch")
    tab.goto(f"{dashboard.url}/models")
    expect(tab.get_by_label("Password")).to_be_focused()
    tab.keyboard.type("wrong one")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("alert")).to_have_text("That is not the password.")
    tab.goto(f"{dashboard.url}/models")
    tab.get_by_label("Password").fill("correct horse")
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_role("cell", name="porch")).to_be_visible()
    assert "correct horse" not in tab.content()
    tab.get_by_role("link", name="Log out").click()
    expect(tab.get_by_label("Password")).to_be_visible()


def test_language_and_colours_are_the_readers(browser: Any, dashboard: Any, voice: Any, screenshots: Path) -> None:
    voice.online("porch")
    context = browser.new_context(
        locale="pt-BR", color_scheme="dark", viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = context.new_page()
    page.goto(dashboard.url)
    expect(page.get_by_text("Dispositivos: 1 (1 online")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "pt-BR"
    expect(page.locator("body.body--dark")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=str(screenshots / "phone.png"))
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("link", name="Now")).to_be_visible()
    page.get_by_role("link", name="Light or dark: auto").click()
    page.get_by_role("link", name="Light or dark: dark").click()
    expect(page.locator("body.body--light")).to_be_attached()
    context.close()


def test_the_keyboard_reaches_everything(tab: Any, dashboard: Any, voice: Any) -> None:
    voice.online("porch")
    tab.goto(dashboard.url)
    expect(card(tab, "porch")).to_be_visible()
    reached = []
    for _ in range(20):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.textContent || document.activeElement.ariaLabel"))
        if reached[-1].strip() == "porch":
            break
    assert reached[0].strip() == "Skip to the content"
    assert "History" in reached
    assert reached[-1].strip() == "porch"
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(f"{dashboard.url}/history?device=porch")


@pytest.fixture
def agent_settings(
    broker: Any, toy_bundle: Path, colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "agent.toml"
    path.write_text(
        f'model = "{toy_bundle}"\n[camera]\nspec = "folder:{colours}"\nloop = true\nfps = 5\n'
        f'[broker]\nurl = "{broker.url}"\n[telemetry]\nevery_s = 1\n[snapshot]\nenabled = true\n'
    )
    return path


def test_a_real_agent_is_seen_from_its_first_frame_to_its_end(
    tab: Any, dashboard: Any, voice: Any, agent_settings: Path, screenshots: Path, eventually: Callable[..., bool]
) -> None:
    tab.goto(dashboard.url)
    agent = Agent("--config", agent_settings, device="real")
    expect(card(tab, "real").locator(".label")).to_have_text(re.compile("red|green|blue"))
    expect(card(tab, "real").get_by_role("img", name="Latest photo of real")).to_be_visible()
    expect(card(tab, "real")).to_contain_text("toy 1.2.3")
    expect(card(tab, "real")).to_contain_text(re.compile(r"p95\s*[0-9,]+ ms"))
    tab.screenshot(path=str(screenshots / "agent.png"))
    agent.process.terminate()
    assert agent.wait()[0] == 0
    expect(card(tab, "real").locator(".status.offline")).to_be_visible()
    sent = int((agent.said("stopped") or {})["acknowledged"])
    tab.goto(f"{dashboard.url}/history?device=real")
    expect(tab.get_by_role("cell", name=re.compile("red|green|blue")).first).to_be_visible()
    ask = "SELECT count(*), count(DISTINCT id) FROM result JOIN name ON key = device WHERE text = 'real'"
    assert eventually(lambda: _ask(dashboard.database, ask) == (sent, sent))
    for name in ("availability", "state", "telemetry", "health", "snapshot", "update/state"):
        voice.say(f"sagui/real/{name}", b"")


def test_it_ends_cleanly_and_has_saved_what_it_heard(
    start_dashboard: Start, broker: Any, voice: Any, words: Any, tab: Any
) -> None:
    dashboard = start_dashboard(broker.url)
    voice.online("porch")
    tab.goto(dashboard.url)
    expect(card(tab, "porch")).to_be_visible()
    voice.says([(topics.result("porch"), words.result(number)) for number in range(2000)], retain=False)
    voice.online("shed")  # comes behind them
    expect(card(tab, "shed")).to_be_visible()
    status, output = dashboard.stop()
    assert (status, output) == (0, "")
    assert _count(dashboard.database) == 2000


def test_results_that_come_while_it_restarts_are_not_missed(
    start_dashboard: Start, broker: Any, voice: Any, words: Any, tab: Any, eventually: Callable[..., bool]
) -> None:
    first = start_dashboard(broker.url)
    tab.goto(first.url)
    voice.online("porch")
    expect(card(tab, "porch")).to_be_visible()
    first.stop()
    voice.says([(topics.result("porch"), words.result(number)) for number in range(100)], retain=False)
    start_dashboard(broker.url)
    assert eventually(lambda: _count(first.database) == 100)


def _count(path: Path) -> int:
    return int(_ask(path, "SELECT count(*) FROM result")[0])


def _ask(path: Path, question: str) -> Any:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reader:
        return reader.execute(question).fetchone()
