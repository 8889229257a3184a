"""The table in the terminal: no wider and no higher than it is."""

from collections import Counter
from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sagui.deploy.monitor.columns import Fitted, Seen, cell, fit
from sagui.deploy.monitor.entries import Entry
from sagui.deploy.monitor.standing import Standing, connection_words, remarks
from sagui.deploy.monitor.wording import trouble_words
from sagui.deploy.watch import Status
from sagui.wire import timestamp

_NOTES_SHARE = 5
"""One line of so many may tell what is wrong with a device."""

_STATUS_WORDS: dict[Status, str] = {
    "online": "online",
    "stale": "silent",
    "offline": "offline",
    "unknown": "of unknown presence",
}
_SEEN_IN_TABLE = frozenset({"offline", "stale"})


def draw(
    lines: Sequence[Entry],
    standing: Standing,
    now_s: float,
    size: tuple[int, int],
    scores: Callable[[Entry], Sequence[float | None]],
) -> RenderableType:
    """Draws what there is room for.

    Args:
        lines: In their order.
        standing: How the monitor itself is.
        now_s: Unix time.
        size: Of the terminal: columns, lines.
        scores: Of the last hour, see `Fleet.scores`.
    """
    width, height = size
    footer = [_one_line(text, width) for text in _footer(lines, standing, now_s)]
    noted = [_one_line(text, width) for text in _notes(lines, height // _NOTES_SHARE)]
    room = max(1, height - 1 - len(footer) - len(noted))
    shown = lines if len(lines) <= room else lines[: max(1, room - 1)]
    seen = [Seen(entry, now_s, scores) for entry in shown]
    more = [_one_line(_more(lines[len(shown) :]), width)] if len(shown) < len(lines) else []
    return Group(_table(seen, fit(seen, width)), *more, *noted, *footer)


def _table(seen: Sequence[Seen], columns: Sequence[Fitted]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_header=True)
    for one in columns:
        table.add_column(
            Text(one.column.heading[: one.width]), width=one.width, justify=one.column.justify, no_wrap=True
        )
    for line in seen:
        table.add_row(*(cell(one, line) for one in columns))
    return table


def _more(rest: Sequence[Entry]) -> Text:
    wrong = sum(bool(entry.troubles) for entry in rest)
    return Text(f"and {len(rest):,} more" + (f", {wrong:,} of them with problems" if wrong else ""), "dim")


def _notes(lines: Sequence[Entry], most: int) -> list[Text]:
    """Says in the devices' words what marks cannot."""
    found: list[Text] = []
    told: set[str] = set()
    for entry in lines:
        wrong = [trouble_words(one) for one in entry.troubles if one.kind not in _SEEN_IN_TABLE]
        if wrong and entry.row.device not in told:
            told.add(entry.row.device)
            found.append(Text(f"{entry.row.device}: {'; '.join(wrong)}", "red"))
            if len(found) == most:
                break
    return found


def _footer(lines: Sequence[Entry], standing: Standing, now_s: float) -> list[Text]:
    rows = {entry.row.device: entry for entry in lines}.values()
    of = Counter(entry.row.status(now_s) for entry in rows)
    counted = ", ".join(f"{of[status]:,} {word}" for status, word in _STATUS_WORDS.items() if of[status])
    wrong = sum(any(one.kind not in _SEEN_IN_TABLE for one in entry.troubles) for entry in rows)
    parts = [counted or "no device has said anything yet", f"{wrong:,} with problems" if wrong else ""]
    text = f"{', '.join(filter(None, parts))}  {timestamp(now_s)[11:19]} UTC"
    where, told = connection_words(standing), [Text(one, "yellow") for one in remarks(standing)]
    if standing.connected:
        return [*told, Text.assemble(text, (f"  {where}", "dim"))]
    return [*told, Text(where, "bold yellow"), Text(text)]


def _one_line(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    text.no_wrap = True
    return text
