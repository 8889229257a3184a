"""The whole story, on real photos, in small."""

import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sagui.bundle import read_bundle
from sagui.convert.gate import Budget
from sagui.convert.pipeline import Options
from sagui.deploy.demo.errors import DemoError
from sagui.deploy.demo.listener import listening
from sagui.deploy.demo.story import Plot, tell
from sagui.device.mqtt.address import parse_address
from sagui.train.datasets import open_dataset
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings


@pytest.fixture(scope="module")
def some_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty real photos of solar cells of each class."""
    elpv, root = open_dataset("elpv"), tmp_path_factory.mktemp("elpv")
    for number, label in enumerate(elpv.labels):
        (root / label).mkdir()
        for photo in [photo for photo in elpv.photos if photo.label == number][::10][:80]:
            shutil.copy(elpv.path(photo), root / label)
    return root


@pytest.fixture
def plot(some_cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plot:
    monkeypatch.setenv("SAGUI_CACHE", str(tmp_path / "cache"))
    recipe = with_settings(Recipe(), ["input.size=96", "augmentation.views=none", "training.epochs=15"])
    # Forty test photos are too few for the usual budget: one photo is 2.5 points.
    options = Options(calibration=40, budget=Budget(15.0, 30.0), threshold=0.0)
    return Plot(str(some_cells), tmp_path / "out", 3.0, recipe=recipe, options=options)


def test_the_story_from_photos_to_results(plot: Plot) -> None:
    screen = io.StringIO()
    summary = tell(plot, Console(file=screen, width=100))
    written = json.loads((plot.out / "summary.json").read_text())
    assert written["classes"] == ["defective", "functional"]
    assert sum(written["photos"].values()) == 160
    assert written["photos"]["test"] == written["accuracy_float"]["n"] == written["accuracy_int8"]["n"] == 40
    for accuracy in (written["accuracy_float"], written["accuracy_int8"]):
        assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert written["accuracy_int8"]["value"] > 0.55
    assert written["bytes_int8"] < written["bytes_float"] / 2
    assert written["messages_published"] == written["messages_received"] > 20
    assert 0 < written["latency_ms"]["p50"] <= written["latency_ms"]["p95"]
    assert set(written["seconds"]) == {"train", "convert", "run", "total"}
    assert read_bundle(Path(summary.bundle)).manifest.labels == ("defective", "functional")
    told = screen.getvalue()
    for words in ("160 photos", "going on with MQTT 3.1.1", "8 golden frames reproduced", "right", "What happened"):
        assert words in told


def test_ctrl_c_ends_it_early_and_well(plot: Plot) -> None:
    code = (
        "from pathlib import Path; from rich.console import Console; from sagui.deploy.demo.story import *\n"
        "from sagui.convert.gate import Budget; from sagui.train.recipe.read import with_settings\n"
        "recipe = with_settings(Recipe(), ['input.size=96', 'augmentation.views=none', 'training.epochs=15'])\n"
        "options = Options(calibration=40, budget=Budget(15.0, 30.0))\n"
        f"plot = Plot({plot.data!r}, Path({str(plot.out)!r}), 600.0, recipe=recipe, options=options)\n"
        "tell(plot, Console(width=100))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if " right, " in line:  # results are coming in
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
        assert process.wait(60) == 0, rest
    summary = json.loads((plot.out / "summary.json").read_text())
    assert summary["messages_received"] == summary["messages_published"] > 0
    assert "What happened" in rest


def test_it_uses_a_broker_of_yours_and_leaves_nothing_on_it(
    plot: Plot, mosquitto: Any, eventually: Callable[..., bool]
) -> None:
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    summary = tell(
        Plot(plot.data, plot.out, 2.0, mosquitto.url, plot.recipe, plot.options), Console(file=io.StringIO())
    )
    assert summary.messages_received == summary.messages_published > 10
    retained: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: retained.append(message.topic)
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe("sagui/#")
    client.loop_start()
    eventually(lambda: bool(retained), 1.0)
    client.disconnect()
    client.loop_stop()
    assert not retained


def test_a_broker_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.deploy.demo.listener._CONNECT_SECONDS", 0.5)
    address = parse_address("mqtt://127.0.0.1:1", {})
    with (
        pytest.raises(DemoError, match=r"no broker answers at mqtt://127\.0\.0\.1:1"),
        listening(address, "x", lambda _: None),
    ):
        pass
