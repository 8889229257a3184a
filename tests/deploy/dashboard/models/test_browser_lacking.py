"""What is asked where the registry has nothing for a device, in a real browser."""

from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

from playwright.sync_api import expect
from tests.deploy.dashboard.models.shelves import Registry

from sagui.wire import ModelRef, State, encode, timestamp, topics


def test_a_model_that_the_registry_lacks_is_told_where_one_would_install_it(
    tab: Any, start_dashboard: Callable[..., Any], broker: Any, voice: Any, tmp_path: Path, make_manifest: Any
) -> None:
    registry = Registry(tmp_path, make_manifest)
    registry.publish("1.4.0")
    dashboard = start_dashboard(broker.url, "--registry", registry.folder)
    for device, name in (("porch", "pets"), ("shed", "birds")):
        voice.online(device)
        model = ModelRef(name=name, version="1.0.0")
        voice.say(topics.state(device), encode(State(label="a", score=0.5, since=timestamp(time()), model=model)))
    tab.goto(f"{dashboard.url}/models")
    expect(tab.get_by_role("rowheader", name="1.4.0 latest")).to_be_visible()
    dialog = tab.get_by_role("dialog")
    tab.get_by_role("row", name="porch online").get_by_role("checkbox").click()
    tab.get_by_role("button", name="Install").click()
    expect(dialog.get_by_role("button", name="1.4.0")).to_be_visible()
    expect(dialog.get_by_text("The registry has no version of")).to_have_count(0)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    tab.get_by_role("row", name="shed online").get_by_role("checkbox").click()
    tab.get_by_role("button", name="Install").click()
    expect(dialog.get_by_text("The registry has no version of: birds")).to_be_visible()
