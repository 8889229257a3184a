"""What the agent says of itself on MQTT, beside results, and what it listens to."""

import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Protocol

from sagui.device.commands import Commands
from sagui.device.condition import Condition
from sagui.device.config.settings import Settings
from sagui.device.discovery import discovery, has_started
from sagui.device.events import Events
from sagui.device.publisher import reference
from sagui.device.streams import Stream
from sagui.device.telemetry.report import Reporter
from sagui.wire import CommandName, ModelRef, Telemetry, encode, topics

Handler = Callable[[str, bytes, bool], None]


class Line(Protocol):
    """What is used of a `sagui.device.mqtt.link.Link`."""

    def retain(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Sends a message that the broker keeps."""

    def repeat(self) -> None:
        """Sends all that the broker keeps again."""

    def subscribe(self, topic: str, handler: Handler) -> None:
        """Has a topic's messages handed on, in the link's thread."""


class Voice:
    """Telemetry, discovery, and commands."""

    def __init__(
        self,
        line: Line,
        device: str,
        reporter: Reporter,
        condition: Condition,
        restart: Callable[[], None],
        events: Events,
    ) -> None:
        """Listens to commands from now on.

        Args:
            line: Where it is said.
            device: The name in the topics.
            reporter: Measures.
            condition: Whether the device does its work.
            restart: Ends the agent.
            events: Told of commands.
        """
        self._line, self._device = line, device
        self._reporter, self._condition = reporter, condition
        self._model: ModelRef | None = None
        self._asked, self._greets = threading.Event(), False
        self._handlers: dict[CommandName, Callable[[], None]] = {"restart": restart, "report": self._asked.set}
        self._commands = Commands(self._handlers, events)
        line.subscribe(topics.command(device), self._obey)

    def announce(self, settings: Settings, streams: Sequence[Stream] = ()) -> None:
        """Introduces the device to Home Assistant, if it shall know of it; and tells telemetry what is looked at.

        To be called again when settings change: what Home Assistant shows depends on them.

        Args:
            settings: Those that hold.
            streams: What is looked at; none in safe mode.
        """
        self._model = one_model(streams)
        prefix = settings.home_assistant.prefix
        if not settings.home_assistant.discovery:
            return
        topic, payload = discovery(
            self._device,
            [stream.name for stream in settings.stream if stream.name is not None],
            self._model,
            snapshots=settings.snapshot.enabled,
            version=version("sagui"),
            prefix=prefix,
            telemetry_s=settings.telemetry.every_s,
            updates=settings.update.registry is not None,
        )
        self._line.retain(topic, payload)
        if not self._greets:
            self._greets = True
            self._line.subscribe(topics.home_assistant_status(prefix), self._greet)

    def offer_snapshots(self, ask: Callable[[], None] | None) -> None:
        """Lets others ask for a photo; None lets nobody."""
        if ask:
            self._handlers["snapshot"] = ask
        else:
            self._handlers.pop("snapshot", None)

    def measure(self, reporter: Reporter) -> Telemetry:
        """Measures the device, and what was said to it.

        Args:
            reporter: Remembers what was measured before, for the frames a second since.
        """
        return reporter.report(self._condition.mode, ignored_commands=self._commands.ignored, model=self._model)

    def report(self) -> None:
        """Says telemetry."""
        self._line.retain(topics.telemetry(self._device), encode(self.measure(self._reporter)), qos=0)

    def tick(self) -> None:
        """Answers who asked for a report; to be called now and then, by a thread that may wait for the machine."""
        if self._asked.is_set():
            self._asked.clear()
            self.report()
            self._condition.repeat()

    def _obey(self, _topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (the port's signature)
        self._commands.take(payload, retained=retained)

    def _greet(self, _topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (likewise)
        if has_started(payload, retained=retained):
            self._line.repeat()


def one_model(streams: Sequence[Stream]) -> ModelRef | None:
    """Names the model that all streams share; None where there are several, or none."""
    models = {reference(stream) for stream in streams}
    return models.pop() if len(models) == 1 else None
