"""A device as a card: HTML in which everything that a device said is text."""

from dataclasses import dataclass

from sagui.deploy.dashboard.live.board import Seen
from sagui.deploy.dashboard.texts import Language, Say, age, figure, speak
from sagui.deploy.dashboard.writing import NONE, page
from sagui.deploy.watch import Row, Stream, Trouble, troubles
from sagui.wire import Region

_STREAMS = 4
_WIDTH, _HEIGHT = 120, 24
"""Of the sparkline, in its own units; the page stretches it."""

_GAP = 3
"""Points that are so many minutes apart are joined."""

_MARKS = {"online": "●", "stale": "◐", "offline": "○", "unknown": "?"}


@dataclass(frozen=True)
class Look:
    """Where a stream looks in the photo: a rectangle of a square of 1, as SVG writes it."""

    name: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Fact:
    """A number with its unit, and its name."""

    name: str
    value: str


def card(seen: Seen, now_s: float, language: Language) -> str:
    """Writes a device's card.

    Args:
        seen: The device.
        now_s: Unix time.
        language: Of our own words.
    """
    say, row = speak(language), seen.row
    status, looks = row.status(now_s), looked_at(row, say)
    return page(
        "card.html.j2",
        say=say,
        row=row,
        status=status,
        mark=_MARKS[status],
        streams=[(stream, f"{stream.score:.0%}", _since(row, stream, now_s, say)) for stream in row.streams[:_STREAMS]],
        more=max(0, len(row.streams) - _STREAMS),
        photo=seen.photo,
        looks=looks,
        looks_at=say("looks_at", parts=", ".join(look.name for look in looks)),
        points=sparkline(seen.scores),
        facts=facts(row, say),
        version=f"{row.model.name} {row.model.version}".strip() if row.model else NONE,
        troubles=[trouble_text(one, say) for one in troubles(row, now_s) if one.kind not in {"offline", "stale"}],
        silence=next((trouble_text(one, say)[0] for one in troubles(row, now_s) if one.kind == "stale"), ""),
    )


def looked_at(row: Row, say: Say) -> list[Look]:
    """Gives what is drawn over the photo: nothing where all of it is looked at."""
    return [_look(stream.name or say("the_model"), stream.region) for stream in row.streams if stream.region]


def facts(row: Row, say: Say) -> list[Fact]:
    """Gives the numbers that a card shows."""
    numbers = row.telemetry
    latency = numbers.latency_ms if numbers else None
    heat = numbers.temperature_c if numbers else None
    return [
        Fact("fps", figure(numbers.fps, ".1f", say) if numbers else NONE),
        Fact("p95", f"{figure(latency.p95, ',.0f', say)} ms" if latency else NONE),
        Fact(say("temperature"), f"{heat:.0f} °C" if heat is not None else NONE),
        Fact(say("outbox"), figure(numbers.outbox.waiting, ",", say) if numbers else NONE),
    ]


def trouble_text(trouble: Trouble, say: Say) -> tuple[str, str]:
    """Says what is wrong: our words, and the device's where they say more, whatever the reader's language."""
    key, values = f"trouble_{trouble.kind}", {"count": figure(trouble.number, ",.0f", say)}
    ours = say(key, age=age(abs(trouble.number), say), **values)
    if trouble.kind == "update":
        phase, _, why = trouble.said.partition(": ")
        return f"{ours}: {say(f'phase_{phase}')}", why
    return ours, "" if trouble.said == speak("en")(key, age="", **values) else trouble.said


def sparkline(scores: tuple[float | None, ...]) -> list[str]:
    """Gives the points of the lines of an hour's scores; longer than `_GAP` without one is a gap.

    >>> sparkline((None, 0.5, 1.0))
    ['60,12 120,2']
    """
    step = _WIDTH / max(1, len(scores) - 1)
    lines: list[list[str]] = []
    last = -len(scores) - _GAP
    for index, score in enumerate(scores):
        if score is None:
            continue
        if index - last > _GAP:
            lines.append([])
        last = index
        lines[-1].append(f"{index * step:.0f},{_HEIGHT - 2 - score * (_HEIGHT - 4):.0f}")
    # A line of one point is not drawn.
    return [" ".join(line if len(line) > 1 else line * 2) for line in lines]


def _look(name: str, region: Region) -> Look:
    # A device may say what sticks out.
    width, height = min(region.width, 1 - region.x), min(region.height, 1 - region.y)
    return Look(name, *(f"{number:.4f}" for number in (region.x, region.y, width, height)))


def _since(row: Row, stream: Stream, now_s: float, say: Say) -> str:
    return say("for", age=age(row.held_s(stream, now_s), say))
