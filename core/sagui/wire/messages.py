"""The JSON payloads. Described in ``docs/mqtt.md``; `sagui.wire.schema` writes their JSON Schema."""

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

import msgspec

from sagui.wire.errors import WireError

VERSION: Literal[1] = 1

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, description="Milliseconds.")]
_Time = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        description="RFC 3339, UTC, with milliseconds.",
    ),
]


class LabelScore(msgspec.Struct, frozen=True, kw_only=True):
    """A label and how sure the network is of it, calibrated."""

    label: str
    score: _Share


class ModelRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which model saw it. A plain TFLite file has its file name and version ``0.0.0``."""

    name: str
    version: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Which frame of the camera it was.

    Attributes:
        index: Counts the camera's frames from 0.
        source: The photo's file name, where the camera is a folder.
    """

    index: Annotated[int, msgspec.Meta(ge=0)]
    source: str | None = None


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Where the time went: from the frame's arrival to the decision."""

    preprocess: _Milliseconds
    infer: _Milliseconds
    total: _Milliseconds


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One decided classification.

    Attributes:
        id: Unique for ever: the agent's start, and a counter. A reader that drops an id it knows sees each result once.
        top: The best labels, best first.
    """

    v: Literal[1] = 1
    id: str
    time: _Time
    label: str
    score: _Share
    top: tuple[LabelScore, ...]
    model: ModelRef
    frame: Frame
    latency_ms: Latency


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The present label: what a dashboard shows after a restart."""

    v: Literal[1] = 1
    label: str
    score: _Share
    since: _Time
    model: ModelRef


_Message = TypeVar("_Message", Result, State)


def encode(message: Result | State) -> bytes:
    """Writes a payload."""
    return msgspec.json.encode(message)


def decode(payload: bytes, kind: type[_Message]) -> _Message:
    """Reads a payload.

    Raises:
        WireError: It is not what its topic promises; the message names the key.
    """
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"not a {kind.__name__.lower()} of version {VERSION}: {error}") from error


def timestamp(time_s: float) -> str:
    """Writes a Unix time as the wire does.

    >>> timestamp(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
