"""An HTTP endpoint for Prometheus: the telemetry in its text format, by the library of that project.

Names and units follow https://prometheus.io/docs/practices/naming/. There is no gauge for frames a second: that is
``rate(sagui_frames_total[1m])``.
"""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sagui.device.telemetry.errors import TelemetryError
from sagui.device.telemetry.readers import THROTTLED
from sagui.wire import Telemetry

LOOPBACK = "127.0.0.1"
"""Where it listens, unless another address is given: nobody but this machine can reach it."""

_MISSING = "this needs prometheus_client: pip install prometheus-client"
_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9.-]*)):(?P<port>[0-9]{1,5})", re.ASCII)
_MOST_PORT = 65535


@dataclass(frozen=True)
class Endpoint:
    """Where to listen.

    Attributes:
        host: A name or an address.
        port: 0 takes any that is free.
    """

    host: str
    port: int

    def __str__(self) -> str:
        """As it stands in an URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """Reads ``HOST:PORT``, ``[ADDRESS]:PORT``, or ``:PORT`` for the loopback.

    Raises:
        TelemetryError: It is none of these.

    >>> parse_endpoint(":9105")
    Endpoint(host='127.0.0.1', port=9105)
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= _MOST_PORT:
        raise TelemetryError(f"prometheus: {text!r} is no address; write HOST:PORT, such as {LOOPBACK}:9105")
    return Endpoint(found["v6"] or found["host"] or LOOPBACK, int(found["port"]))


class Exporter:
    """Serves ``/metrics`` from threads of its own, until `close`."""

    def __init__(self, endpoint: Endpoint, report: Callable[[], Telemetry]) -> None:
        """Starts to listen.

        Args:
            endpoint: Where.
            report: Measures; called for each request, in the request's thread.

        Raises:
            TelemetryError: The library is not installed, or the address cannot be used.
        """
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError as error:
            raise TelemetryError(_MISSING) from error
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collector(report))
        try:
            self._server, self._thread = start_http_server(endpoint.port, endpoint.host, registry)
        except (socket.gaierror, UnicodeError) as error:  # the second: a name that no name server could be asked for
            raise TelemetryError(f"prometheus: {endpoint}: no such address on this machine") from error
        except OSError as error:
            mend = "give [telemetry] prometheus another port"
            raise TelemetryError(f"prometheus: cannot listen on {endpoint}: {error.strerror}; {mend}") from error
        self.endpoint = Endpoint(endpoint.host, self._server.server_port)

    def close(self) -> None:
        """Listens no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Collector:
    """Gives the families of metrics, as the library's registry asks for them."""

    def __init__(self, report: Callable[[], Telemetry]) -> None:
        self._report = report

    def describe(self) -> Iterator[Any]:
        """Names nothing beforehand: otherwise the registry would measure once as it is made."""
        return iter(())

    def collect(self) -> Iterator[Any]:
        """Measures."""
        telemetry = self._report()
        yield from _counters(telemetry)
        yield from _gauges(telemetry)
        yield from _states(telemetry)


def _counters(telemetry: Telemetry) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily

    outbox = telemetry.outbox
    for name, value, what in (
        ("frames", telemetry.frames, "Frames that were looked at."),
        ("frames_dropped", telemetry.dropped_frames, "Frames of the camera that a newer one overtook."),
        ("results_acknowledged", outbox.acknowledged, "Results that the broker acknowledged."),
        ("results_dropped", outbox.dropped, "Results that were given up."),
        ("commands_ignored", telemetry.ignored_commands, "Commands that made no sense."),
    ):
        yield CounterMetricFamily(f"sagui_{name}", what, value)


def _gauges(telemetry: Telemetry) -> Iterator[Any]:
    """Gauges; what the machine does not tell is left out, as Prometheus asks for."""
    from prometheus_client.core import GaugeMetricFamily

    age_ms = telemetry.frame_age_ms
    gauges: tuple[tuple[str, float | None, str], ...] = (
        ("uptime_seconds", telemetry.uptime_s, "Time since the agent started."),
        (
            "frame_age_seconds",
            None if age_ms is None else age_ms / 1000,
            "Age of the newest frame as work on it began.",
        ),
        ("temperature_celsius", telemetry.temperature_c, "Of the processor."),
        ("memory_bytes", telemetry.memory_bytes, "Memory of the agent that is in RAM."),
        ("memory_free_bytes", telemetry.memory_free_bytes, "Memory that the machine can still give."),
        ("disk_free_bytes", telemetry.disk_free_bytes, "Room on the disk of the state folder."),
        ("wifi_signal_dbm", telemetry.wifi_dbm, "Strength of the Wi-Fi signal, in decibel-milliwatts."),
        ("results_waiting", telemetry.outbox.waiting, "Results that wait for the broker."),
    )
    for name, value, what in gauges:
        if value is not None:
            yield GaugeMetricFamily(f"sagui_{name}", what, value)


def _states(telemetry: Telemetry) -> Iterator[Any]:
    """Gauges with labels: percentiles, what slows the board, the mode, and the model."""
    from prometheus_client.core import GaugeMetricFamily

    if telemetry.latency_ms is not None:
        latency = GaugeMetricFamily(
            "sagui_latency_seconds", "Time from capture to verdict, of the newest frames.", labels=["quantile"]
        )
        for quantile, value_ms in (
            ("0.5", telemetry.latency_ms.p50),
            ("0.95", telemetry.latency_ms.p95),
            ("0.99", telemetry.latency_ms.p99),
        ):
            latency.add_metric([quantile], value_ms / 1000)
        yield latency
    if telemetry.throttled is not None:
        slowed = GaugeMetricFamily("sagui_throttled", "What is wrong with power and heat now: 1.", labels=["reason"])
        for reason in THROTTLED:
            slowed.add_metric([reason], reason in telemetry.throttled)
        yield slowed
    yield GaugeMetricFamily("sagui_safe_mode", "1 in safe mode: no camera and no model.", telemetry.mode == "safe")
    if telemetry.model is not None:
        info = GaugeMetricFamily("sagui_model_info", "The model in use; always 1.", labels=["name", "version"])
        info.add_metric([telemetry.model.name, telemetry.model.version], 1)
        yield info
