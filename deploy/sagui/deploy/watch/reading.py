"""Reads what a device says, and keeps of it what is bearable: it may say anything."""

from datetime import datetime
from typing import TypeVar

import msgspec

from sagui.deploy.watch.limits import Limits
from sagui.wire import Desired, Health, ModelRef, Result, State, Telemetry, UpdateState, WireError, decode
from sagui.wire.fields import VERSION

_Said = TypeVar("_Said", Result, State, Telemetry, Health, UpdateState, Desired)

_ITEMS = 16
"""So much is kept of a list: of reasons for throttling, of groups."""


class _Versioned(msgspec.Struct):
    v: int


def read(payload: bytes, kind: type[_Said], most_bytes: int) -> _Said:
    """Reads a message.

    Args:
        payload: As it came; what is above ``most_bytes`` is not looked at.
        kind: What its topic promises.
        most_bytes: How long it may be.

    Raises:
        WireError: It cannot be read, and why.
    """
    if len(payload) > most_bytes:
        raise WireError(f"{len(payload):,} bytes, and at most {most_bytes:,} are read")
    try:
        return decode(payload, kind)
    except WireError:
        if (version := _version(payload)) > VERSION:
            raise WireError(
                f"says version {version}, and version {VERSION} is read here: newer than this sagui"
            ) from None
        raise


def moment_s(text: str) -> float:
    """Reads a time of the wire, as Unix time.

    Raises:
        WireError: There is no such time.

    >>> moment_s("1970-01-01T00:00:00.250Z")
    0.25
    """
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise WireError(f"no such time: {text}") from error


def bearable_model(model: ModelRef, limits: Limits) -> ModelRef:
    """Cuts a model's name and version."""
    most = limits.text
    if len(model.name) <= most and len(model.version) <= most:
        return model
    return ModelRef(name=model.name[:most], version=model.version[:most])


def bearable_telemetry(said: Telemetry, limits: Limits) -> Telemetry:
    """Cuts the texts in a device's numbers."""
    model = bearable_model(said.model, limits) if said.model else None
    throttled = None if said.throttled is None else tuple(one[: limits.text] for one in said.throttled[:_ITEMS])
    return msgspec.structs.replace(said, model=model, throttled=throttled)


def bearable_health(said: Health, limits: Limits) -> Health:
    """Cuts the problem."""
    return msgspec.structs.replace(said, problem=said.problem[: limits.text] if said.problem else None)


def bearable_update(said: UpdateState, limits: Limits) -> UpdateState:
    """Cuts the error and the list of groups."""
    error = said.error[: limits.text] if said.error else None
    return msgspec.structs.replace(said, error=error, groups=said.groups[:_ITEMS])


def _version(payload: bytes) -> int:
    try:
        return msgspec.json.decode(payload, type=_Versioned).v
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return VERSION
