"""How photos are called. Pure rules, no I/O."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-(\d{4,9})\.jpg")


def file_name(time: float, counter: int) -> str:
    """Names a photo by its time in UTC and a counter, so that names sort by time.

    >>> file_name(0.25, 7)
    '19700101T000000.250Z-0007.jpg'

    Args:
        time: Unix time, in seconds.
        counter: Of the photo, in its folder.
    """
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z-{counter:04d}.jpg"


def next_counter(names: Iterable[str]) -> int:
    """Gives the counter after the highest among the names that `file_name` made; others do not count."""
    found = (_NAME.fullmatch(name) for name in names)
    return max((int(match[1]) for match in found if match), default=0) + 1
