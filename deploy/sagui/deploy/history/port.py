"""What the dashboard needs of a database of results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sagui.deploy.history.rows import Row

MOST_GROUPS = 10_000
"""So many hours and labels are counted at most, the largest: a device may say another label each time."""

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
    """How often a label was seen in an hour, of one stream of one device.

    Attributes:
        hour_ms: The hour's beginning, Unix time, UTC.
        stream: Empty where the device has one only.
        score: The mean of them, from 0 to 1.
    """

    hour_ms: int
    stream: str
    label: str
    count: int
    score: float


class History(Protocol):
    """Keeps results. One thread writes (`add`, `prune`, `close`); others may read at the same time.

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

    def stream_hours(self, device: str, model: tuple[str, str], since_ms: int, until_ms: int) -> list[StreamCount]:
        """Counts what a model said, for each hour and stream, in the order of the hours.

        Args:
            device: Of this one.
            model: Name and version.
            since_ms: The first moment, Unix time.
            until_ms: The first moment that is not meant any more.
        """

    def newest_model(self, device: str) -> tuple[str, str] | None:
        """Gives name and version of the model that said a device's newest result; None where there is none."""

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

    def close(self) -> None:
        """Closes the connections."""
