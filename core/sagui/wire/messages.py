"""Writes and reads the JSON payloads. Described in ``docs/mqtt.md``; `sagui.wire.schema` writes their JSON Schema."""

from datetime import UTC, datetime
from typing import Any, TypeVar, get_args

import msgspec

from sagui.wire.errors import WireError
from sagui.wire.fields import VERSION, StreamName, Time
from sagui.wire.health import Claim, Health, Telemetry
from sagui.wire.orders import Command
from sagui.wire.results import Result, State
from sagui.wire.rollouts import Desired
from sagui.wire.updates import UpdateOrder, UpdateState

Message = Result | State | Telemetry | Health | Claim | Command | UpdateState | UpdateOrder | Desired
PAYLOADS: tuple[type[Message], ...] = (
    Result,
    State,
    Telemetry,
    Health,
    Claim,
    Command,
    UpdateState,
    UpdateOrder,
    Desired,
)

_IN_WORDS = {
    get_args(Time)[1].pattern: "a time such as 2026-11-21T04:07:02.329Z (UTC, with milliseconds)",
    get_args(StreamName)[1].pattern: "small letters, digits and -, 63 at most",
}
"""Patterns, as a person reads them."""

_Message = TypeVar("_Message", bound=Message)


def encode(message: Message) -> bytes:
    """Writes a payload.

    Text that is no Unicode, such as a file's name in an old encoding, is said with ``?`` in its place.
    """
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:
        return msgspec.json.encode(_sayable(msgspec.to_builtins(message)))


def decode(payload: bytes, kind: type[_Message]) -> _Message:
    """Reads a payload; keys that are not known are left alone.

    Raises:
        WireError: It is not what its topic promises; the message names the key.
    """
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"not a {kind.__name__.lower()} of version {VERSION}: {_in_words(str(error))}") from error


def timestamp(time_s: float) -> str:
    """Writes a Unix time as the wire does.

    >>> timestamp(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_words(text: str) -> str:
    for pattern, words in _IN_WORDS.items():
        text = text.replace(f"`str` matching regex {pattern!r}", words)
    return text


def _sayable(value: Any) -> Any:  # noqa: ANN401 (whatever JSON can hold)
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case dict():
            return {key: _sayable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_sayable(inner) for inner in value]
        case _:
            return value
