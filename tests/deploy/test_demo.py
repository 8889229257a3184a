"""The whole story, on real photos, in small."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish
from rich.console import Console
from tests.deploy.small_demo import OPTIONS, RECIPE, copy_some_cells
from tests.device.running import Reader

from sagui.bundle import read_bundle
from sagui.deploy.demo.broker import pass_over_timeouts
from sagui.deploy.demo.errors import DemoError
from sagui.deploy.demo.listener import listening
from sagui.deploy.demo.story import Plot, tell
from sagui.device.mqtt.address import parse_address


@pytest.fixture(scope="module")
def some_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("elpv")
    copy_some_cells(root)
    return root


@pytest.fixture
def plot(some_cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plot:
    monkeypatch.setenv("SAGUI_CACHE", str(tmp_path / "cache"))
    return Plot(str(some_cells), tmp_path / "out", 3.0, recipe=RECIPE, options=OPTIONS)


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
    assert written["messages_published"] == written["messages_received"] > 0
    assert 0 < written["latency_ms"]["p50"] <= written["latency_ms"]["p95"]
    assert set(written["seconds"]) == {"train", "convert", "run", "total"}
    assert read_bundle(Path(summary.bundle)).manifest.labels == ("defective", "functional")
    told = screen.getvalue()
    for words in ("160 photos", "going on with MQTT 3.1.1", "8 golden frames reproduced", "right", "What happened"):
        assert words in told


def test_ctrl_c_ends_it_early_and_well(plot: Plot, root: Path) -> None:
    command = [sys.executable, "-um", "tests.deploy.small_demo", plot.data, "--out", str(plot.out), "--seconds", "600"]
    # Who has seen enough of the results wants no dashboard either.
    with subprocess.Popen(
        [*command, "--dashboard", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
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
    assert "dashboard" not in rest


def test_it_uses_a_broker_of_yours_and_leaves_nothing_on_it(
    plot: Plot, mosquitto: Any, eventually: Callable[..., bool]
) -> None:
    summary = tell(
        Plot(plot.data, plot.out, 2.0, mosquitto.url, plot.recipe, plot.options), Console(file=io.StringIO())
    )
    assert summary.messages_received == summary.messages_published > 0
    reader = Reader(mosquitto.port)
    assert reader.subscribed.wait(30)
    publish.single("sagui/the/end", port=mosquitto.port)  # what is retained comes before it
    assert eventually(lambda: bool(reader.messages))
    reader.close()
    assert [message.topic for message in reader.messages] == ["sagui/the/end"]


def test_what_is_no_address_of_a_broker_is_told_before_anything_is_learned(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sagui.cli", "demo", "--out", str(tmp_path / "out"), "--broker", "ftp://desk"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "Error: broker 'ftp://desk' is no address; use mqtt://HOST:PORT or mqtts://HOST:PORT"
    ]
    assert not (tmp_path / "out").exists()


def test_a_broker_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.deploy.demo.listener._CONNECT_SECONDS", 0.5)
    address = parse_address("mqtt://127.0.0.1:1", {})
    with (
        pytest.raises(DemoError, match=r"no broker answers at mqtt://127\.0\.0\.1:1"),
        listening(address, "x", lambda _: None),
    ):
        pass


def test_the_broker_is_silent_about_acknowledgements_it_missed_and_about_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.new_event_loop()
    pass_over_timeouts(loop, {"message": "never retrieved", "exception": TimeoutError("PUBACK")})
    assert not caplog.records
    pass_over_timeouts(loop, {"message": "never retrieved", "exception": ValueError("a fault")})
    assert "never retrieved" in caplog.text
    loop.close()
