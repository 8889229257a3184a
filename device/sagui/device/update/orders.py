"""What the device is asked to do about its model, and which plan its groups have: anyone who may publish can say it."""

from sagui.device.commands import LONGEST_BYTES, Ignored
from sagui.wire import Desired, UpdateOrder, WireError, decode

LONGEST_PLAN_BYTES = 16_384
"""Longer plans are not looked at; one with 100 waves has 4,000."""

_WORDS = {
    b"install": UpdateOrder(order="install"),
    b"revert": UpdateOrder(order="revert"),
}
_SHOWN_BYTES = 60


def parse_order(payload: bytes, *, retained: bool) -> UpdateOrder | Ignored:
    """Reads ``{"order": "install"}``, or the word alone. Gives an answer for every payload.

    Args:
        payload: As it came.
        retained: Whether the broker had kept it: an order is for now, and would be carried out again and again.

    >>> parse_order(b"install", retained=False)
    UpdateOrder(v=1, order='install', version=None, id=None)
    """
    if retained:
        return Ignored("retained", "an order that the broker kept; publish orders without the retain flag")
    if len(payload) > LONGEST_BYTES:
        return Ignored("long", f"{len(payload)} bytes; an order has {LONGEST_BYTES} at most")
    word = payload.strip()
    if not word:
        return Ignored("empty", "an empty payload")
    if word in _WORDS:
        return _WORDS[word]
    try:
        return decode(payload, UpdateOrder)
    except WireError:
        return Ignored("unknown", f'{_shown(payload)} is no order; say {{"order": "install"}}, or revert')


def parse_plan(payload: bytes) -> Desired | Ignored | None:
    """Reads a group's plan; an empty payload says that the group has none any more.

    >>> parse_plan(b"")
    """
    if not payload:
        return None
    if len(payload) > LONGEST_PLAN_BYTES:
        return Ignored("long", f"{len(payload)} bytes; a plan has {LONGEST_PLAN_BYTES} at most")
    try:
        return decode(payload, Desired)
    except WireError as error:
        return Ignored("unknown", str(error))


def _shown(payload: bytes) -> str:
    return repr(payload[:_SHOWN_BYTES])[1:] + ("..." if len(payload) > _SHOWN_BYTES else "")
