"""How long signatures hold, and when they are renewed. Pure rules, no I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sagui.deploy.registry.errors import PublishError

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
ROLES = (ROOT, TARGETS, SNAPSHOT, TIMESTAMP)
"""The roles of every registry; no model has one of these names."""

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_SPAN = re.compile(r"([0-9]{1,7})([dhms])")
_LONGEST = timedelta(days=3650)


@dataclass(frozen=True)
class Lifetimes:
    """How long what a role signs is believed, where nobody chose otherwise.

    A publisher who renews once a week may miss a week before any device finds the registry too old. The timestamp is
    the one that bounds how long a device can be kept from news by who serves it; what is below it is renewed when half
    of its time is over, so that a publisher away for a month loses nothing but the timestamp.

    Attributes:
        root: Signed by hand, with keys that lie elsewhere.
        targets: Which key may sign which model.
        model: A model's versions.
        snapshot: Which lists belong together.
        timestamp: Which snapshot is the newest.
    """

    root: timedelta = timedelta(days=365)
    targets: timedelta = timedelta(days=90)
    model: timedelta = timedelta(days=90)
    snapshot: timedelta = timedelta(days=30)
    timestamp: timedelta = timedelta(days=14)

    def of(self, role: str) -> timedelta:
        """Gives a role's; any other name is a model's."""
        lifetime: timedelta = getattr(self, role if role in ROLES else "model")
        return lifetime


DEFAULT = Lifetimes()


def is_due(expires: datetime, lifetime: timedelta, now: datetime) -> bool:
    """Whether it is time to sign again: half of the lifetime is over."""
    return expires - now <= lifetime / 2


def parse_span(text: str) -> timedelta:
    """Reads a length of time.

    >>> parse_span("14d"), parse_span("12h")
    (datetime.timedelta(days=14), datetime.timedelta(seconds=43200))

    Raises:
        PublishError: It is none, or not between a minute and ten years.
    """
    found = _SPAN.fullmatch(text)
    span = int(found[1]) * _UNITS[found[2]] if found else None
    if span is None or not timedelta(minutes=1) <= span <= _LONGEST:
        raise PublishError(f"{text!r} is no length of time: give a number and d, h, m or s, such as 14d")
    return span


def parse_lifetimes(texts: tuple[str, ...]) -> Mapping[str, timedelta]:
    """Reads ``ROLE=SPAN``, such as ``timestamp=14d``; ``model`` is every model's.

    Raises:
        PublishError: A role is unknown, or the time cannot be used.
    """
    known = [field.name for field in fields(Lifetimes)]
    spans: dict[str, timedelta] = {}
    for text in texts:
        role, _, span = text.partition("=")
        if role not in known:
            raise PublishError(f"--expires {text}: give ROLE=TIME with a role of {', '.join(known)}")
        spans[role] = parse_span(span)
    return spans
