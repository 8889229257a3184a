"""What is written about each photo. Pure rules, no I/O."""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from sagui.device.collect.rules import Entry, Reason
from sagui.wire import LabelScore

FILE = "collected.jsonl"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A line of ``collected.jsonl``.

    Attributes:
        time: RFC 3339, UTC, with milliseconds.
        path: The photo, from the folder.
        guess: The best label, known or not.
        top: The best labels with their calibrated scores.
        model: Name and version.
        reason: Why it was kept.
        interest: What it is worth; the least goes first.
        stream: Which region, where there are several.
    """

    v: Literal[1] = 1
    time: str
    path: str
    guess: str
    top: Annotated[tuple[LabelScore, ...], msgspec.Meta(min_length=1)]
    model: str
    reason: Reason
    interest: float
    stream: str | None = None


_DECODER = msgspec.json.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """Writes a line, with its end."""
    return msgspec.json.encode(record) + b"\n"


def read_records(content: bytes) -> tuple[list[Record], int]:
    """Reads lines; one that power cut off, or that somebody changed, is left out.

    Returns:
        The records, and how many lines were left out.
    """
    found, bad = [], 0
    for line in content.splitlines():
        try:
            found.append(_DECODER.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            bad += bool(line.strip())
    return found, bad


def entries_of(records: Iterable[Record], sizes: dict[str, int], labels: dict[str, str]) -> list[Entry]:
    """Puts together what is known of the photos that lie in the folder.

    Args:
        records: What was written when they were kept.
        sizes: The photos that are there, and their bytes.
        labels: What the table says of them; a person may have changed it.
    """
    known = {record.path: record for record in records}
    return [_entry(path, size, known.get(path), labels.get(path)) for path, size in sizes.items()]


def _entry(path: str, size: int, record: Record | None, label: str | None) -> Entry:
    if record is None:
        return Entry(path, size, 1.0, "", mine=False)
    return Entry(path, size, record.interest, record.time, mine=label is None or label == record.guess)
