"""The endpoint for Prometheus, asked over HTTP and read by Prometheus' own parser."""

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.telemetry.errors import TelemetryError
from sagui.device.telemetry.prometheus import LOOPBACK, Endpoint, Exporter, parse_endpoint
from sagui.wire import ModelRef, OutboxCounts, Percentiles, Telemetry

parser = pytest.importorskip("prometheus_client.parser", reason="pip install 'sagui[prometheus]'")

ALL = Telemetry(
    time="2026-09-21T13:33:20.250Z",
    uptime_s=10.5,
    mode="safe",
    frames=20,
    fps=2.0,
    latency_ms=Percentiles(p50=10.0, p95=20.0, p99=30.0),
    frame_age_ms=1.5,
    dropped_frames=4,
    temperature_c=48.25,
    throttled=("under-voltage",),
    memory_bytes=1024,
    memory_free_bytes=2048,
    disk_free_bytes=4096,
    wifi_dbm=-56.0,
    outbox=OutboxCounts(waiting=3, acknowledged=40, dropped=1),
    ignored_commands=2,
    model=ModelRef(name='cats "and"\ndogs\\', version="1.2.0"),
)
LITTLE = Telemetry(
    time=ALL.time,
    uptime_s=0.0,
    mode="normal",
    frames=0,
    fps=0.0,
    outbox=OutboxCounts(waiting=0, acknowledged=0, dropped=0),
)

Serve = Callable[[Callable[[], Telemetry]], Exporter]


@pytest.fixture
def serve() -> Iterator[Serve]:
    exporters: list[Exporter] = []

    def start(report: Callable[[], Telemetry]) -> Exporter:
        exporters.append(Exporter(Endpoint(LOOPBACK, 0), report))
        return exporters[-1]

    yield start
    for exporter in exporters:
        exporter.close()


def fetch(exporter: Exporter) -> str:
    with urllib.request.urlopen(f"http://{exporter.endpoint}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text: str = answer.read().decode()
        return text


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    families = parser.text_string_to_metric_families(text)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_all_that_is_measured_is_served_in_base_units(serve: Serve) -> None:
    assert samples(fetch(serve(lambda: ALL))) == {
        ("sagui_frames_total", ()): 20,
        ("sagui_frames_dropped_total", ()): 4,
        ("sagui_results_acknowledged_total", ()): 40,
        ("sagui_results_dropped_total", ()): 1,
        ("sagui_commands_ignored_total", ()): 2,
        ("sagui_uptime_seconds", ()): 10.5,
        ("sagui_frame_age_seconds", ()): 0.0015,
        ("sagui_temperature_celsius", ()): 48.25,
        ("sagui_memory_bytes", ()): 1024,
        ("sagui_memory_free_bytes", ()): 2048,
        ("sagui_disk_free_bytes", ()): 4096,
        ("sagui_wifi_signal_dbm", ()): -56,
        ("sagui_results_waiting", ()): 3,
        ("sagui_latency_seconds", ("0.5",)): 0.01,
        ("sagui_latency_seconds", ("0.95",)): 0.02,
        ("sagui_latency_seconds", ("0.99",)): 0.03,
        ("sagui_throttled", ("under-voltage",)): 1,
        ("sagui_throttled", ("frequency-capped",)): 0,
        ("sagui_throttled", ("throttled",)): 0,
        ("sagui_throttled", ("soft-temperature-limit",)): 0,
        ("sagui_safe_mode", ()): 1,
        ("sagui_model_info", ('cats "and"\ndogs\\', "1.2.0")): 1,
    }


def test_counters_and_gauges_say_what_they_are(serve: Serve) -> None:
    families = {family.name: family for family in parser.text_string_to_metric_families(fetch(serve(lambda: ALL)))}
    assert families["sagui_frames"].type == "counter"
    assert families["sagui_temperature_celsius"].type == "gauge"
    assert all(family.documentation for family in families.values())


def test_what_is_not_known_is_left_out(serve: Serve) -> None:
    text = fetch(serve(lambda: LITTLE))
    assert "sagui_frames_total" in text
    for name in ("temperature_celsius", "throttled", "latency_seconds", "frame_age_seconds", "model_info"):
        assert f"sagui_{name}" not in text


def test_each_request_measures_anew_and_nothing_else_does(serve: Serve) -> None:
    asked = []

    def report() -> Telemetry:
        asked.append(1)
        return msgspec.structs.replace(LITTLE, frames=len(asked))

    exporter = serve(report)
    assert asked == []
    assert samples(fetch(exporter))["sagui_frames_total", ()] == 1
    assert samples(fetch(exporter))["sagui_frames_total", ()] == 2


def test_nobody_but_this_machine_reaches_it_by_default(serve: Serve) -> None:
    exporter = serve(lambda: LITTLE)
    assert exporter._server.socket.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            TelemetryError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"
        ) as caught:
            Exporter(Endpoint(LOOPBACK, port), lambda: LITTLE)
    assert "\n" not in str(caught.value)


def test_an_address_of_another_machine_is_one_line() -> None:
    with pytest.raises(TelemetryError, match=r"cannot listen on 192\.0\.2\.1:9105"):
        Exporter(Endpoint("192.0.2.1", 9105), lambda: LITTLE)


def test_a_name_that_nobody_knows_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TelemetryError, match=r"a\.\.b:9105: no such address"):
        Exporter(Endpoint("a..b", 9105), lambda: LITTLE)

    def refuse(*_: object, **_options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(TelemetryError, match=r"pi\.local:9105: no such address"):
        Exporter(Endpoint("pi.local", 9105), lambda: LITTLE)


def test_once_closed_the_port_is_free_again() -> None:
    exporter = Exporter(Endpoint(LOOPBACK, 0), lambda: LITTLE)
    fetch(exporter)
    exporter.close()
    with pytest.raises(urllib.error.URLError):
        fetch(exporter)
    with socket.create_server((LOOPBACK, exporter.endpoint.port)):
        pass


def test_a_client_that_says_nothing_does_not_hold_the_end_up() -> None:
    exporter = Exporter(Endpoint(LOOPBACK, 0), lambda: LITTLE)
    with socket.create_connection((LOOPBACK, exporter.endpoint.port)):
        assert samples(fetch(exporter))
        exporter.close()


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(TelemetryError, match=r"^this needs prometheus_client: pip install prometheus-client$"):
        Exporter(Endpoint(LOOPBACK, 0), lambda: LITTLE)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":9105", "127.0.0.1", 9105),
        ("127.0.0.1:9105", "127.0.0.1", 9105),
        ("0.0.0.0:1", "0.0.0.0", 1),  # noqa: S104 (asked for)
        ("pi.local:65535", "pi.local", 65535),
        ("[::1]:9105", "::1", 9105),
    ],
)
def test_addresses_are_read(text: str, host: str, port: int) -> None:
    endpoint = parse_endpoint(text)
    assert endpoint == Endpoint(host, port)
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "text", ["", "9105", "host:", "host:0", "host:65536", "::1:9105", "http://a:1", "a:1\n", "a:²"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(TelemetryError, match="write HOST:PORT"):
        parse_endpoint(text)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with suppress(TelemetryError):
        assert 0 < parse_endpoint(text).port < 65536
