"""From settings to what the agent's parts take. Pure rules, but for the credentials' files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from sagui.device.cameras.spec import split_spec
from sagui.device.config.settings import Settings
from sagui.device.mqtt.address import Address, parse_address
from sagui.device.mqtt.tls import Files
from sagui.device.outbox import IN_MEMORY, Limits, default_folder

IN_MEMORY_PLACE = "memory"
"""The outbox's place that is no folder."""


def read_address(settings: Settings, environment: Mapping[str, str], warn: Callable[[str], None]) -> Address:
    """Gives the broker, with all that it takes to be let in.

    Raises:
        BrokerError: The address or a file cannot be used.
    """
    broker = settings.broker
    return parse_address(
        broker.url or "",
        environment,
        files=Files(_path(broker.ca), _path(broker.certificate), _path(broker.key)),
        user_file=_path(broker.user_file),
        password_file=_path(broker.password_file),
        warn=warn,
    )


def state_folder(settings: Settings, environment: Mapping[str, str]) -> Path:
    """Where the device keeps what must outlive it."""
    place = settings.outbox.place
    return default_folder(settings.device or "", environment) if place in (None, IN_MEMORY_PLACE) else Path(place)


def outbox_limits(settings: Settings) -> Limits:
    """Gives how much may wait for the broker."""
    outbox = settings.outbox
    whole = IN_MEMORY if outbox.place == IN_MEMORY_PLACE else Limits()
    return whole.but(outbox.rows, outbox.mib, outbox.days)


def camera_name(settings: Settings) -> str:
    """Names the camera, without a password."""
    return split_spec(settings.camera.spec or "").name


def leaves_out(settings: Settings) -> bool:
    """Whether frames are left out on purpose: then a gap between two is no loss."""
    query = split_spec(settings.camera.spec or "").query
    return settings.camera.fps is not None or not {"motion", "every"}.isdisjoint(dict(parse_qsl(query)))


def interval_s(settings: Settings) -> float:
    """Gives the least time from one frame to the next, in seconds."""
    return 1 / settings.camera.fps if settings.camera.fps else 0.0


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
