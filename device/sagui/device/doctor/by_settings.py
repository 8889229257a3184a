"""What an agent with a file of settings would use."""

from collections.abc import Mapping
from pathlib import Path

from sagui.device.config.load import load_settings
from sagui.device.config.settings import Settings
from sagui.device.doctor.subject import Published, Subject, versions_of
from sagui.device.doctor.tls import Files
from sagui.device.plan import read_address, state_folder
from sagui.device.update.base import read_base


def of_settings(path: Path, environment: Mapping[str, str]) -> Subject:
    """Takes what an agent with these settings would use.

    Raises:
        ConfigError: The settings cannot be read.
        BrokerError: The broker's address, or a file that goes with it, cannot be used.
    """
    settings = load_settings(path, environment)
    address = read_address(settings, environment, _quiet) if settings.broker.url else None
    return Subject(
        state=state_folder(settings, environment),
        model=_path(settings.model),
        labels=_path(settings.labels),
        broker=address,
        files=address.files if address else Files(),
        versions=versions_of(settings.broker.mqtt),
        registry=_registry(settings),
    )


def _registry(settings: Settings) -> Published | None:
    update = settings.update
    if update.registry is None or update.root is None:
        return None
    return Published(
        update.registry, Path(update.root), read_base(Path(settings.model)).model if settings.model else None
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _quiet(_text: str) -> None:
    """What is worth a warning in a log, the doctor finds by itself."""
