"""Which cards are shown, and in which order: rules without I/O."""

from dataclasses import dataclass
from typing import Literal

from sagui.deploy.watch import Row, troubles

Sort = Literal["device", "trouble", "label", "since", "score"]
SORTS: tuple[Sort, ...] = ("device", "trouble", "label", "since", "score")
Show = Literal["all", "in_trouble", "online", "stale", "offline"]
SHOWS: tuple[Show, ...] = ("all", "in_trouble", "online", "stale", "offline")

_STATUS = {"offline": 0, "stale": 1, "unknown": 2, "online": 3}


@dataclass(frozen=True)
class Choice:
    """What a person chose.

    Attributes:
        search: Part of a device's name or of a label, in any case.
    """

    search: str = ""
    show: Show = "all"
    sort: Sort = "device"


def is_shown(row: Row, choice: Choice, now_s: float) -> bool:
    """Whether a device fits what was chosen."""
    search = choice.search.strip().casefold()
    texts = (row.device, *(stream.label for stream in row.streams))
    if search and not any(search in text.casefold() for text in texts):
        return False
    if choice.show == "in_trouble":
        return bool(troubles(row, now_s))
    return choice.show in {"all", row.status(now_s)}


def sort_key(row: Row, choice: Choice, now_s: float) -> tuple[float | str, str]:
    """Gives what the order goes by; the name decides where all else is the same."""
    first = row.streams[0] if row.streams else None
    match choice.sort:
        case "trouble":
            return _STATUS[row.status(now_s)] - 0.5 * bool(troubles(row, now_s)), row.device
        case "label":
            return first.label.casefold() if first else "\U0010ffff", row.device
        case "since":
            return row.held_s(first, now_s) // 60 if first else float("inf"), row.device
        case "score":
            # Tenths, so that cards do not change places with each frame.
            return round(first.score, 1) if first else 2.0, row.device
        case _:
            return row.device, row.device
