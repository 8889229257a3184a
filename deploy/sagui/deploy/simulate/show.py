"""How a fleet is, in words and for programs."""

import json

from sagui.deploy.simulate.fleet import Standing
from sagui.wire import AT_WORK


def line(standing: Standing, elapsed_s: float, results_per_s: float) -> str:
    """Says it in one line.

    Args:
        standing: The fleet's.
        elapsed_s: Since the start.
        results_per_s: Of the whole fleet, since the line before.
    """
    parts = [
        f"{elapsed_s:5.0f} s",
        f"{standing.online} of {standing.devices} online",
        f"{results_per_s:.0f} results/s",
        ", ".join(f"{count} on {version}" for version, count in sorted(standing.versions.items())),
    ]
    under_way = ", ".join(f"{count} {phase}" for phase, count in standing.phases.items() if phase in AT_WORK)
    ended = ", ".join(f"{standing.phases[end]} {end}" for end in ("reverted", "failed") if standing.phases[end])
    parts += [text for text in (under_way, ended) if text]
    if standing.away:
        parts.append(f"away: {standing.away}")
    if standing.late_s > 1:
        parts.append(f"{standing.late_s:.1f} s late: too much for this machine")
    return "  ".join(parts)


def record(standing: Standing, elapsed_s: float, delivered: int) -> str:
    """Says it as one JSON object.

    Args:
        standing: The fleet's.
        elapsed_s: Since the start.
        delivered: Messages that the broker has, of all kinds.
    """
    return json.dumps(
        {
            "elapsed_s": round(elapsed_s, 3),
            "devices": standing.devices,
            "online": standing.online,
            "results": standing.results,
            "delivered": delivered,
            "versions": dict(sorted(standing.versions.items())),
            "phases": dict(sorted(standing.phases.items())),
            "late_s": round(standing.late_s, 3),
            "away": standing.away,
        }
    )
