"""From a result on the wire to the pixel, and from a cold start of the browser to the cards."""

import statistics
import threading
import time
from dataclasses import dataclass

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser
from tests.bench.dashboard.bare import WORD
from tests.bench.dashboard.publisher import names, result_id
from tests.bench.dashboard.stage import SIZE, bare_page, chromium, dashboard, mosquitto, new_folder

from sagui.wire import (
    Frame,
    Latency,
    ModelRef,
    OutboxCounts,
    Percentiles,
    Result,
    State,
    Telemetry,
    encode,
    timestamp,
    topics,
)

_MODEL = ModelRef(name="elpv-solar-cells", version="1.0.0")
_SETTLES_S = 2.0

# The label of a result is the time of its publication. It is seen when the browser is about to draw it.
_OBSERVE = """() => {
  window.delays = [];
  const last = new Map();
  const look = () => {
    const now = Date.now();
    for (const label of document.querySelectorAll("article.card .label")) {
      const device = label.closest("article.card").querySelector(".name").textContent;
      const text = label.textContent.trim();
      if (last.get(device) === text) continue;
      last.set(device, text);
      window.delays.push(now - Number(text));
    }
  };
  look();
  window.delays = [];
  new MutationObserver(() => requestAnimationFrame(look))
    .observe(document.body, {childList: true, subtree: true, characterData: true});
}"""
_CARDS = "(count) => document.querySelectorAll('article.card .label').length >= count"


@dataclass(frozen=True)
class Delays:
    """How long results took to the page.

    Attributes:
        said: Results.
        shown: Of those, on the page.
        p50_ms: From the publication until the browser draws it, median.
        p95_ms: Likewise, 95th percentile.
        wire_p95_ms: From the publication until a bare subscriber has it, 95th percentile.
    """

    said: int
    shown: int
    p50_ms: float
    p95_ms: float
    wire_p95_ms: float


@dataclass(frozen=True)
class Opened:
    """How long a page took in a browser without a past.

    Attributes:
        first_ms: Until the first cards stand there and the search can be typed into, median.
        all_ms: Until all cards are there, median.
        bare_ms: Until a page of NiceGUI with one word on it shows that, median.
    """

    first_ms: float
    all_ms: float
    bare_ms: float


def wire_to_pixel(devices: int = 100, per_s: float = 100, seconds: float = 30) -> Delays:
    """Has devices say results in turn, and looks at the page.

    Args:
        devices: How many.
        per_s: Results of all together each second.
        seconds: How long.
    """
    with (
        new_folder() as folder,
        mosquitto(folder) as port,
        chromium() as browser,
        dashboard(port, folder) as server,
    ):
        page = browser.new_page(viewport=SIZE)
        page.goto(server.url)
        wire_ms: list[float] = []
        client = _listening(port, wire_ms)
        _turns(client, devices, per_s, devices / per_s)
        page.wait_for_function(_CARDS, arg=devices)
        time.sleep(_SETTLES_S)
        page.evaluate(_OBSERVE)
        wire_ms.clear()
        said = _turns(client, devices, per_s, seconds)
        time.sleep(2 * _SETTLES_S)
        shown_ms = page.evaluate("window.delays")
        _hang_up(client)
    p50_ms, p95_ms = np.percentile(shown_ms, [50, 95])
    return Delays(said, len(shown_ms), float(p50_ms), float(p95_ms), float(np.percentile(wire_ms, 95)))


def page_cold(devices: int = 500, rounds: int = 5) -> Opened:
    """Opens the page of a fleet in browsers that never saw it.

    Args:
        devices: How many.
        rounds: How often.
    """
    with (
        new_folder() as folder,
        mosquitto(folder) as port,
        chromium() as browser,
        dashboard(port, folder) as server,
        bare_page() as bare,
    ):
        client = _listening(port, [])
        for one in names(devices):
            _introduce(client, one)
        time.sleep(_SETTLES_S)
        _hang_up(client)
        opened = [_open(browser, server.url, devices) for _ in range(rounds)]
        bare_ms = statistics.median(_open_bare(browser, bare.url) for _ in range(rounds))
    first_ms, all_ms = (statistics.median(times) for times in zip(*opened, strict=True))
    return Opened(first_ms, all_ms, bare_ms)


def _open(browser: Browser, url: str, devices: int) -> tuple[float, float]:
    context = browser.new_context(viewport=SIZE, locale="en-US")
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("article.card .label").first.wait_for()
    page.get_by_label("Search device or label").fill("bench")
    first_ms = 1000 * (time.perf_counter() - start)
    page.wait_for_function(_CARDS, arg=devices)
    all_ms = 1000 * (time.perf_counter() - start)
    context.close()
    return first_ms, all_ms


def _open_bare(browser: Browser, url: str) -> float:
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.get_by_text(WORD).wait_for()
    took_ms = 1000 * (time.perf_counter() - start)
    context.close()
    return took_ms


def _turns(client: mqtt.Client, devices: int, per_s: float, seconds: float) -> int:
    start, turns, speakers = time.monotonic(), round(per_s * seconds), names(devices)
    for turn in range(turns):
        time.sleep(max(0.0, start + turn / per_s - time.monotonic()))
        client.publish(topics.result(speakers[turn % devices]), _result(turn), qos=1)
    return turns


def _listening(port: int, delays_ms: list[float]) -> mqtt.Client:
    """A client that also hears all results, and notes how late they are."""
    client, ready = mqtt.Client(CallbackAPIVersion.VERSION2), threading.Event()

    def take(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        _before, _, rest = message.payload.partition(b'"label":"')
        delays_ms.append(1000 * time.time() - float(rest.partition(b'"')[0]))

    client.on_message = take
    client.on_subscribe = lambda *_: ready.set()
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.subscribe(topics.every("result"), qos=1)
    client.loop_start()
    ready.wait()
    return client


def _hang_up(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()


def _result(number: int) -> bytes:
    now_s = time.time()
    return encode(
        Result(
            id=result_id(round(1e6 * now_s)),
            time=timestamp(now_s),
            label=f"{1000 * now_s:.0f}",
            score=0.9,
            top=(),
            model=_MODEL,
            frame=Frame(index=number),
            latency_ms=Latency(preprocess=0.31, infer=4.02, total=4.41),
        )
    )


def _introduce(client: mqtt.Client, device: str) -> None:
    now = timestamp(time.time())
    telemetry = Telemetry(
        time=now,
        uptime_s=5.0,
        mode="normal",
        frames=50,
        fps=9.98,
        latency_ms=Percentiles(p50=61.2, p95=64.8, p99=71.3),
        temperature_c=61.2,
        outbox=OutboxCounts(waiting=0, acknowledged=50, dropped=0),
    )
    client.publish(topics.availability(device), topics.ONLINE, qos=1, retain=True)
    client.publish(topics.state(device), encode(State(label="cat", score=0.9, since=now, model=_MODEL)), 1, retain=True)
    client.publish(topics.telemetry(device), encode(telemetry), qos=1, retain=True)
