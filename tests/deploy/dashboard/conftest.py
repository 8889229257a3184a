"""Devices that say things, boards that hear them, and the dashboard as a process of its own."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from tests.conftest import answers, free_port

from sagui.deploy.dashboard.live.absence import Absence
from sagui.deploy.dashboard.live.board import Seen
from sagui.deploy.dashboard.live.ears import Heard
from sagui.deploy.watch import Fleet
from sagui.wire import (
    Frame,
    Health,
    Latency,
    ModelRef,
    OutboxCounts,
    Percentiles,
    Region,
    Result,
    State,
    Telemetry,
    WireError,
    encode,
    timestamp,
    topics,
)

MODEL = ModelRef(name="pets", version="1.2.3")
CONNECTED_MS = 60_000


class Words:
    """What a device says."""

    @staticmethod
    def state(
        label: str = "cat",
        score: float = 0.9,
        age_s: float = 0.0,
        stream: str | None = None,
        region: Region | None = None,
    ) -> bytes:
        since = timestamp(time() - age_s)
        return encode(State(label=label, score=score, since=since, model=MODEL, stream=stream, region=region))

    @staticmethod
    def result(number: int = 0, label: str = "cat", score: float = 0.9, age_s: float = 0.0) -> bytes:
        return encode(
            Result(
                id=f"9f86d081884c-{number}",
                time=timestamp(time() - age_s),
                label=label,
                score=score,
                top=(),
                model=MODEL,
                frame=Frame(index=number),
                latency_ms=Latency(preprocess=0.5, infer=4.0, total=4.5),
            )
        )

    @staticmethod
    def telemetry(**changes: Any) -> bytes:
        fields: dict[str, Any] = {
            "time": timestamp(time()),
            "uptime_s": 5.0,
            "mode": "normal",
            "frames": 50,
            "fps": 9.98,
            "latency_ms": Percentiles(p50=61.2, p95=64.8, p99=71.3),
            "temperature_c": 61.2,
            "outbox": OutboxCounts(waiting=7, acknowledged=50, dropped=0),
        }
        return encode(Telemetry(**(fields | changes)))

    @staticmethod
    def health(problem: str | None = None) -> bytes:
        return encode(Health(time=timestamp(time()), mode="normal", camera="ok", problem=problem))


@pytest.fixture(scope="session")
def words() -> type[Words]:
    return Words


@pytest.fixture(scope="session")
def seen() -> Callable[..., Seen]:
    """What is seen of a device that said all this."""

    def look(*said: tuple[str, bytes], device: str = "porch") -> Seen:
        fleet = Fleet()
        for topic, payload in said:
            fleet.take(f"sagui/{device}/{topic}", payload, time(), retained=False)
        row = fleet.row(device)
        assert row is not None
        return Seen(row, None, fleet.scores(device, None, time()))

    return look


class Script:
    """Stands in for the line to the broker."""

    def __init__(self) -> None:
        self.away: Absence | None = None
        self.overrun = 0
        self._guard = threading.Condition()
        self._waiting: list[Heard] = []

    def say(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        with self._guard:
            self._waiting.append(Heard(topic, payload, time(), retained))
            self._guard.notify()

    def take(self, most: int, timeout_s: float) -> list[Heard]:
        with self._guard:
            self._guard.wait_for(lambda: bool(self._waiting), timeout_s)
            taken, self._waiting = self._waiting[:most], self._waiting[most:]
        return taken


@pytest.fixture
def script() -> Script:
    return Script()


class Dashboard:
    """`sagui dashboard` in a process of its own."""

    def __init__(self, folder: Path, broker: str, *arguments: object) -> None:
        self.database = folder / "history.db"
        code = "from sagui.deploy.dashboard.command import dashboard; dashboard()"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", code, "--broker", broker, "--port", "0", "--database", str(self.database)),
                *map(str, arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("dashboard: http://"), first + self.process.stdout.read()
        self.url = first.split()[1]

    def stop(self) -> tuple[int, str]:
        self.process.terminate()
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@pytest.fixture
def start_dashboard(tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    started: list[Dashboard] = []

    def start(broker: str, *arguments: object) -> Dashboard:
        started.append(Dashboard(tmp_path, broker, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()


@dataclass(frozen=True)
class Broker:
    """A mosquitto that stays."""

    port: int

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def broker(
    program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, eventually: Callable[..., bool]
) -> Iterator[Broker]:
    """One for all tests: a dashboard takes seconds to start."""
    port = free_port()
    config = tmp_path_factory.mktemp("broker") / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
    process = subprocess.Popen([program("mosquitto"), "-c", str(config)], stderr=subprocess.DEVNULL)
    assert eventually(lambda: answers(port)), "mosquitto does not answer"
    yield Broker(port)
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def dashboard(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One for all tests that leave it as it was."""
    started = Dashboard(tmp_path_factory.mktemp("dashboard"), broker.url)
    yield started
    assert started.stop() == (0, "")


class Voice:
    """Publishes, and waits until the broker has it; takes everything back at the end."""

    def __init__(self, port: int) -> None:
        self._said: set[str] = set()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, topic: str, payload: bytes, *, retain: bool = True) -> None:
        self.says([(topic, payload)], retain=retain)

    def says(self, messages: list[tuple[str, bytes]], *, retain: bool = True) -> None:
        sent = [self._client.publish(topic, payload, qos=1, retain=retain) for topic, payload in messages]
        for one in sent:
            one.wait_for_publish(30)
        self._said |= {topic for topic, _ in messages} if retain else {_presence(topic) for topic, _ in messages}

    def online(self, device: str, label: str = "cat") -> None:
        self.says([(topics.availability(device), b"online"), (topics.state(device), Words.state(label))])

    def close(self) -> None:
        self.says([(topic, b"") for topic in self._said - {""}])
        self._client.disconnect()
        self._client.loop_stop()


def _presence(topic: str) -> str:
    """What, taken back, takes the whole device back."""
    with suppress(WireError):
        return topics.availability(topics.device_of(topic))
    return ""


@pytest.fixture
def voice(broker: Broker) -> Iterator[Voice]:
    speaking = Voice(broker.port)
    yield speaking
    speaking.close()


@pytest.fixture(scope="module")
def browser(program: Callable[[str], str]) -> Iterator[Any]:
    """Not for the whole session: while it is there, no other test of this thread can run an event loop."""
    from playwright.sync_api import Page, expect, sync_playwright

    expect.set_options(timeout=CONNECTED_MS)

    visit = Page.goto

    def visit_and_connect(page: Page, url: str, **how: Any) -> Any:
        """Until the page is connected, NiceGUI keeps what is clicked, and then may send it in another order."""
        answer = visit(page, url, **how)
        page.wait_for_function("!document.getElementById('popup') || window.did_handshake", timeout=CONNECTED_MS)
        return answer

    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "goto", visit_and_connect)
        opened = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield opened
        opened.close()


def note_errors(page: Any, faults: list[str]) -> None:
    """Notes what scripts fail of; but the last thing of NiceGUI's reads a style sheet that may still be coming."""
    page.on("pageerror", lambda error: None if "'cssRules'" in str(error) else faults.append(str(error)))


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A page in a browser without a past; it ends with an error if a script failed, or asked for anything elsewhere."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    page = context.new_page()
    faults: list[str] = []
    note_errors(page, faults)
    page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
    page.on("request", lambda one: None if _is_ours(one.url) else faults.append(f"asked for {one.url}"))
    yield page
    context.close()
    assert not faults


def _is_ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where to leave pictures: `SAGUI_SCREENSHOTS`, for people who want to look at them."""
    return Path(os.environ.get("SAGUI_SCREENSHOTS") or tmp_path)
