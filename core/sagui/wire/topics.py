"""The topics below ``sagui/<device>/``, and those of Home Assistant. Described in ``docs/mqtt.md``."""

import re

from sagui.wire.errors import WireError

PREFIX = "sagui"
ONLINE = b"online"
OFFLINE = b"offline"
FLEET = "fleet"
"""Where the plans of groups are; no device has this name."""

_NAME = re.compile(r"[a-z0-9-]{1,63}")
_HOME_ASSISTANT = re.compile(r"[A-Za-z0-9_-]{1,63}(/[A-Za-z0-9_-]{1,63}){0,7}")


def check_device(device: str) -> str:
    """Gives the device's name back, if it can stand in a topic.

    Raises:
        WireError: It cannot.

    >>> check_device("porch-2")
    'porch-2'
    """
    if device == FLEET:
        raise WireError(f"device {device!r} cannot stand in a topic: groups' plans are there; choose another name")
    if not _NAME.fullmatch(device):
        raise WireError(f"device {device!r} cannot stand in a topic: use 1 to 63 of a-z, 0-9 and -, such as porch-2")
    return device


def check_group(group: str) -> str:
    """Gives the group's name back, if it can stand in a topic.

    Raises:
        WireError: It cannot.
    """
    if not _NAME.fullmatch(group):
        raise WireError(f"group {group!r} cannot stand in a topic: use 1 to 63 of a-z, 0-9 and -, such as porch")
    return group


def check_stream(stream: str) -> str:
    """Gives the stream's name back, if it can stand in a topic.

    Raises:
        WireError: It cannot.
    """
    if not _NAME.fullmatch(stream):
        raise WireError(f"stream {stream!r} cannot stand in a topic: use 1 to 63 of a-z, 0-9 and -, such as door")
    return stream


def check_prefix(prefix: str) -> str:
    """Gives Home Assistant's discovery prefix back, if it can stand in a topic.

    Raises:
        WireError: It cannot.

    >>> check_prefix("homeassistant")
    'homeassistant'
    """
    if not _HOME_ASSISTANT.fullmatch(prefix):
        raise WireError(
            f"discovery prefix {prefix!r} cannot stand in a topic: use a-z, A-Z, 0-9, _ and -, such as homeassistant"
        )
    return prefix


def availability(device: str) -> str:
    """Where ``online`` and ``offline`` are said; retained, and the last will."""
    return _of(device, "availability")


def result(device: str) -> str:
    """Where each decided classification is said."""
    return _of(device, "result")


def state(device: str, stream: str | None = None) -> str:
    """Where the present label is said; retained.

    Args:
        device: The name in the topics.
        stream: Which part of the camera, where there are several.
    """
    return _of(device, "state" if stream is None else f"state/{check_stream(stream)}")


def telemetry(device: str) -> str:
    """Where the device's numbers are said; retained."""
    return _of(device, "telemetry")


def health(device: str) -> str:
    """Where it is said whether the device does its work; retained."""
    return _of(device, "health")


def snapshot(device: str) -> str:
    """Where the camera's photos are said, as JPEG; retained."""
    return _of(device, "snapshot")


def claim(device: str) -> str:
    """Where an agent says that the name is its own."""
    return _of(device, "claim")


def command(device: str) -> str:
    """Where the device is asked to do something."""
    return _of(device, "command")


def update_state(device: str) -> str:
    """Where it is said which model the device runs, and how an update gets on; retained."""
    return _of(device, "update/state")


def update_set(device: str) -> str:
    """Where the device is asked to take another model."""
    return _of(device, "update/set")


def desired(group: str) -> str:
    """Where a group's plan is; retained.

    Raises:
        WireError: The group cannot stand in a topic.

    >>> desired("porch")
    'sagui/fleet/porch/desired'
    """
    return f"{PREFIX}/{FLEET}/{check_group(group)}/desired"


def every(name: str) -> str:
    """The filter of what all devices say under a name.

    >>> every("update/state")
    'sagui/+/update/state'
    """
    return f"{PREFIX}/+/{name}"


def device_of(topic: str) -> str:
    """Names the device that a topic below ``sagui/`` belongs to.

    Raises:
        WireError: The topic belongs to none.

    >>> device_of("sagui/porch/update/state")
    'porch'
    """
    prefix, _, rest = topic.partition("/")
    device, _, name = rest.partition("/")
    if prefix != PREFIX or not name:
        raise WireError(f"topic {topic!r} belongs to no device: it is not below {PREFIX}/<device>/")
    return check_device(device)


def discovery(device: str, prefix: str = "homeassistant") -> str:
    """Where Home Assistant learns of the device; retained."""
    return f"{check_prefix(prefix)}/device/{check_device(device)}/config"


def home_assistant_status(prefix: str = "homeassistant") -> str:
    """Where Home Assistant says ``online`` when it has started."""
    return f"{check_prefix(prefix)}/status"


def _of(device: str, name: str) -> str:
    return f"{PREFIX}/{check_device(device)}/{name}"
