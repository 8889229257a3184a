"""Ages, numbers and troubles in words that fit into a terminal."""

from collections.abc import Sequence

from sagui.deploy.rollout.display import printable
from sagui.deploy.watch import Row, Trouble, TroubleKind
from sagui.wire import AT_WORK

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_HOURS_UNTIL = 2 * _DAY
_MOST_DAYS = 999
_SECOND_MS = 1000.0
_ONE_DIGIT = 10
_MOST_S = 9999
_BARS = "▁▂▃▄▅▆▇█"


def age(seconds: float) -> str:
    """Writes a time in at most 4 letters.

    >>> age(42), age(3599), age(7300), age(250_000)
    ('42s', '59m', '2h', '2d')
    """
    if seconds < _MINUTE:
        return f"{max(0, int(seconds))}s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)}m"
    if seconds < _HOURS_UNTIL:
        return f"{int(seconds // _HOUR)}h"
    return f"{min(_MOST_DAYS, int(seconds // _DAY))}d"


def milliseconds(value_ms: float) -> str:
    """Writes a latency.

    >>> milliseconds(4.41), milliseconds(64.8), milliseconds(1234.0)
    ('4.4ms', '65ms', '1.2s')
    """
    if value_ms < _SECOND_MS:
        return f"{value_ms:.1f}ms" if value_ms < _ONE_DIGIT else f"{value_ms:.0f}ms"
    seconds = min(_MOST_S, value_ms / _SECOND_MS)
    return f"{seconds:.1f}s" if seconds < _ONE_DIGIT else f"{seconds:.0f}s"


def shortened(text: str, width: int) -> str:
    """Leaves the middle of a name out: of many devices, the ends differ.

    >>> shortened("building-7-camera-0001", 12)
    'buildi…-0001'
    """
    if len(text) <= width:
        return text
    tail = max(0, (width - 1) // 2)
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def sparkline(means: Sequence[float | None], width: int) -> str:
    """Draws scores from 0 to 1 as bars; a gap where there was nothing.

    Args:
        means: Of the minutes of the last hour, oldest first.
        width: Letters; each is the mean of its minutes.
    """
    parts = [means[at * len(means) // width : (at + 1) * len(means) // width] for at in range(width)]
    return "".join(map(_bar, parts))


def update_words(row: Row) -> str:
    """Says how an update gets on; nothing, if none does."""
    update = row.update
    if update is None or not (update.phase in AT_WORK or update.phase == "waiting"):
        return ""
    percent = f" {update.update_percentage}%" if update.update_percentage is not None else ""
    return f"{update.phase}{percent}"


def trouble_words(trouble: Trouble) -> str:
    """Says what is wrong, in one line that is safe to show."""
    said, number = printable(trouble.said), trouble.number
    words: dict[TroubleKind, str] = {
        "offline": "offline",
        "stale": f"silent {age(number)}",
        "safe": f"safe mode: {said}" if said else "safe mode",
        "camera": f"camera away: {said}" if said else "camera away",
        "problem": said,
        "update": f"update {said}",
        "throttled": f"slowed down: {said}",
        "flood": f"a flood: {number:,.0f} messages in a second",
        "clock": f"its clock is {age(abs(number))} {'ahead' if number > 0 else 'behind'}",
        "unreadable": f"{number:,.0f} message{'' if number == 1 else 's'} cannot be read, the last: {said}",
    }
    return words[trouble.kind]


def _bar(minutes: Sequence[float | None]) -> str:
    known = [mean for mean in minutes if mean is not None]
    if not known:
        return " "
    return _BARS[min(len(_BARS) - 1, int(sum(known) / len(known) * len(_BARS)))]
