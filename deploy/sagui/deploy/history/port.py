"""What the dashboard needs of a database of results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sagui.deploy.history.rows import Row

MOST_GROUPS = 10_000
"""So many hours and labels are counted at most, the largest: a device may say another label each time."""

MOST_STREAMS = 16
"""So many streams of a device are compared."""

MOST_COUNTS = 7 * 24 * MOST_STREAMS * 51
"""So many pieces, streams and labels are counted at most: a week of hours with 50 labels in each and one more."""

PAGE = 5_000
"""Rows are read so many at a time."""

Glance = tuple[str, str, int, float]
"""A result's stream, label, time (Unix, milliseconds) and score: a page draws 100,000 of them."""


@dataclass(frozen=True, slots=True)
class HourCount:
    """How often a label was seen in an hour.

    Attributes:
        hour_ms: The hour's beginning, Unix time, UTC.
        score: The mean of them, from 0 to 1.
    """

    hour_ms: int
    label: str
    count: int
    score: float


@dataclass(frozen=True, slots=True)
class StreamCount:
    """How often a label was seen in a piece of time, of one stream of one device.

    Attributes:
        begin_ms: The piece's beginning, Unix time.
        stream: Empty where the device has one only.
        score: The mean of them, from 0 to 1.
    """

    begin_ms: int
    stream: str
    label: str
    count: int
    score: float


class History(Protocol):
    """Keeps results. One thread writes (`add`, `prune`, `check`, `close`); others may read at the same time.

    Every call raises `HistoryError` where the database cannot be used; the message says how to mend it.
    """

    def add(self, rows: Sequence[Row]) -> int:
        """Adds rows in one transaction, and leaves out those that are there by device and id.

        Returns:
            How many were new.
        """

    def hours(self, since_ms: int, until_ms: int, device: str | None = None) -> list[HourCount]:
        """Counts the labels of each hour, in the order of the hours.

        Args:
            since_ms: The first moment, Unix time.
            until_ms: The first moment that is not meant any more.
            device: Of this one; None for all together.
        """

    def stream_counts(
        self, device: str, model: tuple[str, str], since_ms: int, until_ms: int, piece_ms: int
    ) -> list[StreamCount]:
        """Counts what a model said, for each piece of time and stream, in the order of the pieces.

        Args:
            device: Of this one.
            model: Name and version.
            since_ms: The first moment, Unix time; the first piece begins with it.
            until_ms: The first moment that is not meant any more.
            piece_ms: How long a piece is.

        Returns:
            `MOST_COUNTS` at most, the largest: where there are so many, others may be missing.
        """

    def newest_models(self, device: str, since_ms: int) -> dict[str, tuple[str, str]]:
        """Gives name and version of the model that said each stream's newest result.

        Args:
            device: Of this one.
            since_ms: Only what is not older is looked at, Unix time; the device's newest result always is.

        Returns:
            By stream; the first `MOST_STREAMS` by name.
        """

    def first_ms(self, device: str, model: tuple[str, str]) -> int | None:
        """Gives the moment of the oldest result that a model said on a device, Unix time; None where there is none."""

    def rows(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Row]]:
        """Gives the results of a device, oldest first, `PAGE` at a time; ends of the time as in `hours`."""

    def glances(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Glance]]:
        """Gives the same as `rows`, but little of each, in half the time."""

    def devices(self) -> list[str]:
        """Gives the names of the devices that have results, sorted."""

    def prune(self, before_ms: int) -> int:
        """Removes what is older, and says how many rows that were."""

    def check(self) -> None:
        """Looks whether what is written still goes to the place that was named, and goes back there.

        What was written since the last look may be gone where this raises; the next call begins anew.
        """

    def close(self) -> None:
        """Closes the connections."""
