"""What to photograph next. Pure rules, no I/O."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sagui.device.collect.records import Record

PAIRS = 10
"""So many of the pairs that are confused most are named."""


@dataclass(frozen=True)
class Row:
    """What was kept of one guess.

    Attributes:
        guess: The best label.
        photos: How many there are.
        unsure: For how many the model was unsure.
        flickered: At how many it changed its mind.
        interest: Their mean interest, 0 to 1.
    """

    guess: str
    photos: int
    unsure: int
    flickered: int
    interest: float


@dataclass(frozen=True)
class Pair:
    """Two labels between which the model was unsure, and how often."""

    labels: tuple[str, str]
    photos: int


@dataclass(frozen=True)
class Summary:
    """What was collected.

    Attributes:
        rows: A guess each, the one with most photos first.
        pairs: The labels confused most, the most frequent pair first.
    """

    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]


def summarize(records: Sequence[Record]) -> Summary:
    """Counts what was collected; a pair is the best two labels of a frame, in either order."""
    guesses: defaultdict[str, list[Record]] = defaultdict(list)
    pairs: Counter[tuple[str, str]] = Counter()
    for record in records:
        guesses[record.guess].append(record)
        if record.reason == "unsure" and len(record.top) > 1:
            first, second = sorted(score.label for score in record.top[:2])
            pairs[first, second] += 1
    rows = sorted(
        (_row(guess, members) for guess, members in guesses.items()), key=lambda row: (-row.photos, row.guess)
    )
    often = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:PAIRS]
    return Summary(tuple(rows), tuple(Pair(labels, count) for labels, count in often))


def _row(guess: str, members: Sequence[Record]) -> Row:
    reasons = Counter(record.reason for record in members)
    mean = sum(record.interest for record in members) / len(members)
    return Row(guess, len(members), reasons["unsure"], reasons["flickered"], round(mean, 3))
