"""What devices say, for the tests of what is made of it."""

from typing import Any

from sagui.wire import (
    Frame,
    Health,
    LabelScore,
    Latency,
    ModelRef,
    OutboxCounts,
    Percentiles,
    Result,
    State,
    Telemetry,
    UpdateState,
    encode,
    timestamp,
)

NOON_S = 1_795_000_000.0
MODEL = ModelRef(name="pets", version="1.3.0")


def result(at_s: float = NOON_S, label: str = "cat", score: float = 0.9, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "id": "9f86d081884c-1",
        "time": timestamp(at_s),
        "label": label,
        "score": score,
        "top": (LabelScore(label=label, score=score),),
        "model": MODEL,
        "frame": Frame(index=1),
        "latency_ms": Latency(preprocess=0.3, infer=4.0, total=4.4),
    }
    return encode(Result(**(fields | changes)))


def state(since_s: float = NOON_S, label: str = "cat", score: float = 0.8, **changes: Any) -> bytes:
    fields: dict[str, Any] = {"label": label, "score": score, "since": timestamp(since_s), "model": MODEL}
    return encode(State(**(fields | changes)))


def telemetry(at_s: float = NOON_S, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "time": timestamp(at_s),
        "uptime_s": 86_412.5,
        "mode": "normal",
        "frames": 864_120,
        "fps": 9.98,
        "latency_ms": Percentiles(p50=61.2, p95=64.8, p99=71.3),
        "temperature_c": 61.2,
        "throttled": (),
        "memory_bytes": 81_788_928,
        "outbox": OutboxCounts(waiting=3, acknowledged=864_118, dropped=0),
        "model": MODEL,
    }
    return encode(Telemetry(**(fields | changes)))


def health(at_s: float = NOON_S, **changes: Any) -> bytes:
    fields: dict[str, Any] = {"time": timestamp(at_s), "mode": "normal", "camera": "ok"}
    return encode(Health(**(fields | changes)))


def update(at_s: float = NOON_S, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "time": timestamp(at_s),
        "model": "pets",
        "installed_version": "1.3.0",
        "latest_version": "1.3.0",
        "in_progress": False,
        "phase": "idle",
        "groups": ("porch",),
    }
    return encode(UpdateState(**(fields | changes)))
