"""What is examined beside the machine itself. Settings have a module of their own: reading them takes packages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sagui.device.doctor.space import default_state
from sagui.device.doctor.tls import Files
from sagui.device.mqtt.address import Address, parse_address

BOTH = ("5", "3.1.1")


@dataclass(frozen=True)
class Published:
    """A registry, and what is wanted of it.

    Attributes:
        url: Where it is.
        root: The file whose keys are trusted.
        model: The bundle's name; None where the settings name no bundle.
    """

    url: str
    root: Path
    model: str | None


@dataclass(frozen=True)
class Subject:
    """What is looked at.

    Attributes:
        state: The state folder.
        model: A bundle or a TFLite file; None to leave models out.
        labels: For a TFLite file without any.
        broker: None to leave the broker out.
        files: Certificates and key for the broker.
        versions: Of MQTT, to be tried in turn.
        registry: None to leave registries out.
    """

    state: Path
    model: Path | None = None
    labels: Path | None = None
    broker: Address | None = None
    files: Files = field(default_factory=Files)
    versions: tuple[str, ...] = BOTH
    registry: Published | None = None


def of_options(
    environment: Mapping[str, str],
    *,
    state: Path | None = None,
    model: Path | None = None,
    labels: Path | None = None,
    broker: str | None = None,
    files: Files | None = None,
    protocol: str = "auto",
) -> Subject:
    """Takes what the command line names.

    Raises:
        BrokerError: The broker's address cannot be used.
    """
    return Subject(
        state=state or default_state(environment),
        model=model,
        labels=labels,
        broker=parse_address(broker, environment) if broker else None,
        files=files or Files(),
        versions=versions_of(protocol),
    )


def versions_of(protocol: str) -> tuple[str, ...]:
    """Gives the versions of MQTT to be tried in turn; ``auto`` is both."""
    return BOTH if protocol == "auto" else (protocol,)
