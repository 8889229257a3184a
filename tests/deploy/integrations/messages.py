"""Messages as devices say them, made with the contract's own types."""

from datetime import UTC, datetime, timedelta

from sagui.wire import Result, Telemetry, UpdateState
from sagui.wire.health import OutboxCounts, Percentiles
from sagui.wire.messages import timestamp
from sagui.wire.results import Frame, LabelScore, Latency, ModelRef

NOON = datetime(2026, 11, 21, 12, 0, 0, 329000, UTC)
MODEL = ModelRef(name="elpv-solar-cells", version="1.0.0")


def nanoseconds(moment: datetime) -> int:
    """Since 1970, exactly: a float of so many seconds is off by some."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000


def said_at(moment: datetime) -> str:
    return timestamp(nanoseconds(moment) / 10**9)


def result(number: int = 42, at: datetime = NOON, label: str = "defective", stream: str | None = None) -> Result:
    return Result(
        id=f"9f86d081884c-{number}",
        time=said_at(at),
        label=label,
        score=0.9441,
        top=(LabelScore(label=label, score=0.9441), LabelScore(label="functional", score=0.0559)),
        model=MODEL,
        frame=Frame(index=number, source="cell0042.png"),
        latency_ms=Latency(preprocess=0.31, infer=4.02, total=4.41),
        stream=stream,
    )


def telemetry(at: datetime = NOON, waiting: int = 0, temperature_c: float | None = 61.2) -> Telemetry:
    return Telemetry(
        time=said_at(at),
        uptime_s=86412.5,
        mode="normal",
        frames=864120,
        fps=9.98,
        latency_ms=Percentiles(p50=61.2, p95=64.8, p99=71.3),
        frame_age_ms=41.0,
        dropped_frames=1728240,
        temperature_c=temperature_c,
        throttled=("under-voltage", "capped"),
        memory_bytes=81788928,
        memory_free_bytes=241172480,
        disk_free_bytes=26843545600,
        wifi_dbm=-61.0,
        outbox=OutboxCounts(waiting=waiting, acknowledged=864118, dropped=0),
        ignored_commands=0,
        model=MODEL,
    )


def bare_telemetry(at: datetime = NOON) -> Telemetry:
    """Of a machine that can tell nothing about itself, before its first frame."""
    outbox = OutboxCounts(waiting=0, acknowledged=0, dropped=0)
    return Telemetry(time=said_at(at), uptime_s=0.5, mode="safe", frames=0, fps=0.0, outbox=outbox)


def update(at: datetime = NOON, version: str = "1.0.0", phase: str = "confirmed") -> UpdateState:
    return UpdateState(
        time=said_at(at),
        model="elpv-solar-cells",
        installed_version=version,
        latest_version="1.1.0",
        in_progress=False,
        update_percentage=None,
        phase=phase,  # type: ignore[arg-type]
        error=None,
        rollout="elpv-1-1-0-5f3a",
        groups=("porch",),
    )


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
