"""The topics below ``sagui/<device>/``. Described in ``docs/mqtt.md``."""

import re

from sagui.wire.errors import WireError

PREFIX = "sagui"
ONLINE = b"online"
OFFLINE = b"offline"

_DEVICE = re.compile(r"[a-z0-9-]{1,63}")


def check_device(device: str) -> str:
    """Gives the device's name back, if it can stand in a topic.

    Raises:
        WireError: It cannot.

    >>> check_device("porch-2")
    'porch-2'
    """
    if not _DEVICE.fullmatch(device):
        raise WireError(f"device {device!r} cannot stand in a topic: use 1 to 63 of a-z, 0-9 and -, such as porch-2")
    return device


def availability(device: str) -> str:
    """Where ``online`` and ``offline`` are said; retained, and the last will."""
    return f"{PREFIX}/{check_device(device)}/availability"


def result(device: str) -> str:
    """Where each decided classification is said."""
    return f"{PREFIX}/{check_device(device)}/result"


def state(device: str) -> str:
    """Where the present label is said; retained."""
    return f"{PREFIX}/{check_device(device)}/state"
