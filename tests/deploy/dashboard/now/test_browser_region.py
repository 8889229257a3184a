"""Where a stream looks, drawn over the photo, in a real browser."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect
from tests.device.running import Agent

from sagui.wire import Region, topics

LOWER_RIGHT = Region(x=0.5, y=0.25, width=0.5, height=0.75)
WHERE_DRAWN = """svg => [...svg.querySelectorAll('rect.over')].map(rect => {
    const box = rect.getBBox(), at = rect.getScreenCTM();
    return [at.a * box.x + at.e, at.d * box.y + at.f, at.a * box.width, at.d * box.height];
})"""


def card(tab: Any, device: str) -> Any:
    return tab.locator("article.card", has=tab.get_by_role("link", name=device, exact=True))


def picture(width: int, height: int) -> bytes:
    """Dark on the left, light on the right."""
    pixels = np.linspace(np.full((height, 3), 20), np.full((height, 3), 240), width, axis=1).astype(np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


@pytest.mark.parametrize(("width", "height"), [(640, 480), (640, 160), (120, 600), (40, 40)])
def test_the_rectangle_is_where_the_stream_looks_whatever_the_photos_shape(
    tab: Any, dashboard: Any, voice: Any, words: Any, screenshots: Path, width: int, height: int
) -> None:
    voice.says(
        [(topics.state("porch"), words.state(region=LOWER_RIGHT)), (topics.snapshot("porch"), picture(width, height))]
    )
    tab.goto(dashboard.url)
    photo = card(tab, "porch").get_by_role("img", name="Latest photo of porch")
    expect(photo).to_be_visible()
    tab.wait_for_function("img => img.naturalWidth > 0", arg=photo.element_handle())
    outer, inner = card(tab, "porch").locator(".photo").bounding_box(), photo.bounding_box()
    assert inner["width"] / inner["height"] == pytest.approx(width / height, rel=0.05)
    assert (inner["width"], inner["height"]) <= (outer["width"], outer["height"])
    drawn = card(tab, "porch").get_by_role("img", name="Looked at: what the model sees")
    assert drawn.evaluate(WHERE_DRAWN) == [
        pytest.approx(
            [
                inner["x"] + inner["width"] / 2,
                inner["y"] + inner["height"] / 4,
                inner["width"] / 2,
                inner["height"] * 3 / 4,
            ],
            abs=0.5,
        )
    ]
    card(tab, "porch").screenshot(path=str(screenshots / f"region-{width}-{height}.png"))


def test_nothing_moves_when_a_photo_or_a_region_comes(tab: Any, dashboard: Any, voice: Any, words: Any) -> None:
    voice.say(topics.state("porch"), words.state())
    tab.goto(dashboard.url)
    expect(card(tab, "porch").get_by_text("no photo")).to_be_visible()
    before = card(tab, "porch").bounding_box()
    voice.say(topics.snapshot("porch"), picture(120, 600))
    expect(card(tab, "porch").get_by_role("img", name="Latest photo")).to_be_visible()
    assert card(tab, "porch").locator(".looks").count() == 0
    voice.say(topics.state("porch"), words.state("dog", region=LOWER_RIGHT))
    expect(card(tab, "porch").locator(".looks")).to_be_visible()
    assert card(tab, "porch").bounding_box() == before


def test_a_rectangle_is_seen_on_dark_and_on_light(tab: Any, dashboard: Any, voice: Any, words: Any) -> None:
    voice.says(
        [(topics.state("porch"), words.state(region=LOWER_RIGHT)), (topics.snapshot("porch"), picture(640, 480))]
    )
    tab.goto(dashboard.url)
    look = "(rect, name) => getComputedStyle(rect)[name]"
    strokes = [
        [card(tab, "porch").locator(f"rect.{tone}").evaluate(look, name) for name in ("stroke", "strokeWidth")]
        for tone in ("under", "over")
    ]
    assert strokes == [["rgb(0, 0, 0)", "4px"], ["rgb(255, 255, 255)", "2px"]]
    assert card(tab, "porch").locator("rect.over").evaluate(look, "vectorEffect") == "non-scaling-stroke"


def test_numbers_of_a_hostile_device_draw_nothing(tab: Any, dashboard: Any, voice: Any, words: Any) -> None:
    said = words.state(region=LOWER_RIGHT).replace(b"0.75", b'"1 onload=alert(1)"')
    voice.says([(topics.state("evil"), said), (topics.snapshot("evil"), picture(640, 480))])
    voice.say(topics.availability("evil"), b"online")
    tab.goto(dashboard.url)
    expect(card(tab, "evil")).to_contain_text("messages that cannot be read: 1")
    assert card(tab, "evil").locator("rect").count() == 0


@pytest.fixture
def agent_settings(
    broker: Any, toy_bundle: Path, colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "agent.toml"
    path.write_text(
        f'model = "{toy_bundle}"\n[camera]\nspec = "folder:{colours}"\nloop = true\nfps = 5\n'
        f'[broker]\nurl = "{broker.url}"\n[snapshot]\nenabled = true\n'
        '[[stream]]\nname = "door"\nregion = "0,0,0.5,1"\n[[stream]]\nname = "mat"\nregion = "0.5,0.5,0.5,0.5"\n'
    )
    return path


def test_the_regions_of_a_real_agent_are_drawn_and_named(
    tab: Any, dashboard: Any, voice: Any, agent_settings: Path, screenshots: Path
) -> None:
    tab.goto(dashboard.url)
    agent = Agent("--config", agent_settings, device="yard")
    expect(card(tab, "yard").get_by_role("img", name="Looked at: door, mat")).to_be_visible()
    expect(card(tab, "yard").locator(".label").first).to_have_text(re.compile("red|green|blue"))
    drawn = card(tab, "yard").locator("rect.over")
    shares = [[one.get_attribute(name) for name in ("x", "y", "width", "height")] for one in drawn.all()]
    assert shares == [["0.0000", "0.0000", "0.5000", "1.0000"], ["0.5000", "0.5000", "0.5000", "0.5000"]]
    card(tab, "yard").screenshot(path=str(screenshots / "region-agent.png"))
    agent.process.terminate()
    assert agent.wait()[0] == 0
    for name in ("availability", "state/door", "state/mat", "telemetry", "health", "snapshot", "update/state"):
        voice.say(f"sagui/yard/{name}", b"")
