"""A line of the table as a record for a program: always the same keys."""

from typing import Literal, get_args

from sagui.deploy.monitor.entries import Entry
from sagui.deploy.monitor.wording import trouble_words
from sagui.wire import timestamp

Key = Literal[
    "time",
    "device",
    "stream",
    "status",
    "label",
    "score",
    "since",
    "model",
    "version",
    "fps",
    "p95_ms",
    "temperature_c",
    "throttled",
    "outbox_waiting",
    "uptime_s",
    "memory_bytes",
    "mode",
    "camera",
    "problem",
    "update_phase",
    "update_percentage",
    "update_version",
    "update_error",
    "rollout",
    "groups",
    "clock_skew_s",
    "flood",
    "left_out",
    "unreadable",
    "unreadable_why",
    "troubles",
]
KEYS: tuple[Key, ...] = get_args(Key)

Value = str | float | bool | list[str] | None
Record = dict[Key, Value]

_COUNTS: frozenset[Key] = frozenset({"time", "left_out", "unreadable", "troubles"})


def record(entry: Entry, now_s: float) -> Record:
    """Writes a line of the table.

    Args:
        entry: The line.
        now_s: When its newest message came; Unix time.

    Returns:
        All of `KEYS`. Texts are the device's own, as they came.
    """
    row, stream = entry.row, entry.stream
    found = gone(row.device, now_s)
    found |= {
        "stream": stream.name if stream else None,
        "status": row.status(now_s),
        "label": stream.label if stream else None,
        "score": stream.score if stream else None,
        "since": stream.since if stream else None,
        "model": row.model.name if row.model else None,
        "version": row.model.version if row.model else None,
        "clock_skew_s": None if row.skew_s is None else round(row.skew_s, 1) + 0.0,  # never -0.0
        "flood": now_s <= row.flood_until_s,
        "left_out": row.left_out,
        "unreadable": row.unreadable,
        "unreadable_why": row.unreadable_why or None,
        "troubles": [trouble_words(one) for one in entry.troubles],
    }
    return found | _numbers(entry) | _health(entry) | _update(entry)


def gone(device: str, now_s: float) -> Record:
    """Writes that a device is not known any more: the broker was told to forget it.

    Args:
        device: Its name.
        now_s: When; Unix time.
    """
    found: Record = dict.fromkeys(KEYS)
    return found | {"time": timestamp(now_s), "device": device, "status": "gone"}


def differs(one: Record, other: Record | None) -> bool:
    """Whether something changed besides the time and mere counts."""
    return other is None or any(one[key] != other[key] for key in KEYS if key not in _COUNTS)


def _numbers(entry: Entry) -> Record:
    telemetry = entry.row.telemetry
    if telemetry is None:
        return {}
    return {
        "fps": telemetry.fps,
        "p95_ms": telemetry.latency_ms.p95 if telemetry.latency_ms else None,
        "temperature_c": telemetry.temperature_c,
        "throttled": None if telemetry.throttled is None else list(telemetry.throttled),
        "outbox_waiting": telemetry.outbox.waiting,
        "uptime_s": telemetry.uptime_s,
        "memory_bytes": telemetry.memory_bytes,
        "mode": telemetry.mode,
    }


def _health(entry: Entry) -> Record:
    health = entry.row.health
    return {"mode": health.mode, "camera": health.camera, "problem": health.problem} if health else {}


def _update(entry: Entry) -> Record:
    update = entry.row.update
    if update is None:
        return {}
    return {
        "update_phase": update.phase,
        "update_percentage": update.update_percentage,
        "update_version": update.latest_version,
        "update_error": update.error,
        "rollout": update.rollout,
        "groups": list(update.groups),
    }
