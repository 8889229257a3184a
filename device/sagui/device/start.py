"""From settings to an agent at work. Composition only: who is told of what, and in which order things begin and end."""

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from sagui.device.agent import Agent
from sagui.device.cameras import Camera, Incident, open_camera
from sagui.device.condition import Condition
from sagui.device.config.settings import Settings
from sagui.device.config.streams import plan_streams
from sagui.device.ending import Ending
from sagui.device.errors import BrokerError, DeviceError
from sagui.device.events import Events
from sagui.device.extras import Extras
from sagui.device.health.crashes import SafeMode, shorten
from sagui.device.health.history import History
from sagui.device.health.notify import Notifier
from sagui.device.health.pulse import Pulse
from sagui.device.health.stuck import Stuck
from sagui.device.link import Link
from sagui.device.machine import Machine
from sagui.device.models import open_streams
from sagui.device.observers import Observer
from sagui.device.outbox import open_outbox
from sagui.device.plan import (
    IN_MEMORY_PLACE,
    camera_name,
    interval_s,
    leaves_out,
    outbox_limits,
    read_address,
    state_folder,
)
from sagui.device.publisher import Publisher
from sagui.device.reload import Origin, Reloader
from sagui.device.streams import Stream
from sagui.device.telemetry.measure import Meter
from sagui.device.telemetry.report import Reporter
from sagui.device.ticker import Task, Ticker
from sagui.device.voice import Voice
from sagui.errors import SaguiError
from sagui.infer.runtimes.device import parse_device
from sagui.wire import OutboxCounts

if TYPE_CHECKING:
    from sagui.device.telemetry.prometheus import Exporter

DRAIN_SECONDS = 10.0
"""How long a clean stop waits for the broker to acknowledge what was published."""


class Station:
    """A device at its place: the agent, and all that goes on around it."""

    def __init__(
        self,
        settings: Settings,
        origin: Origin,
        notifier: Notifier,
        ending: Ending,
        events: Events,
        reload_asked: threading.Event | None = None,
    ) -> None:
        """Opens the outbox, and prepares the connection.

        Args:
            settings: Enough of them for a start.
            origin: Where they come from, for a reload.
            notifier: Tells the service manager.
            ending: Ends the agent when it is set.
            events: Told of everything.
            reload_asked: Has settings read again when it is set.

        Raises:
            SaguiError: The broker's address or the outbox cannot be used.
        """
        self._settings, self._origin, self._notifier = settings, origin, notifier
        self._ending, self._events = ending, events
        self._reload_asked = reload_asked or threading.Event()
        self._device = settings.device or ""
        self._address = read_address(settings, origin.environment, lambda text: events.say("warning", text))
        in_memory = settings.outbox.place == IN_MEMORY_PLACE
        self._folder = state_folder(settings, origin.environment)
        outbox = open_outbox(None if in_memory else self._folder, events, outbox_limits(settings))
        # Who names a file of settings has an agent that starts by itself; a person at a terminal sees the errors.
        watched = settings.health.safe_mode and origin.from_file and not in_memory
        self._history = History(self._folder, events) if watched else None
        self.link = Link(
            self._address,
            self._device,
            events,
            settings.broker.mqtt,
            outbox,
            on_yield=lambda why: ending.fail(DeviceError(why)),
        )
        self._condition = Condition(self.link, self._device)
        self.meter = Meter(gaps=not leaves_out(settings))
        reporter = self._reporter()
        self._voice = Voice(self.link, self._device, reporter, self._condition, ending.set, events)

    def run(self) -> None:
        """Works until the camera has no more, or it is stopped.

        Raises:
            SaguiError: It cannot begin or go on, or the broker did not take every result.
        """
        self.link.open()
        try:
            self._stay()
        except SaguiError as error:
            if self._history:
                self._history.note(str(error))
            raise
        finally:
            self.link.close()

    def _stay(self) -> None:
        safe = self._history.begin() if self._history else None
        if safe:
            self._rest(safe)
        delivered = True
        if not self._ending.is_set():
            delivered = self._work()
        if self._history:
            self._history.end()
        if self._ending.error:
            raise self._ending.error
        if not delivered:
            raise BrokerError(f"{self._address} did not acknowledge every result within {DRAIN_SECONDS:g} s of the end")

    def _rest(self, safe: SafeMode) -> None:
        """Is there, and listens, but leaves camera and model alone."""
        self._condition.say("safe", "none", str(safe))
        self._voice.announce(self._settings)
        self.link.ready()
        self._notifier.ready()
        self._notifier.status(str(safe))
        beat = Task(1.0, self._notifier.camera_beat)
        report = Task(self._settings.telemetry.every_s, self._voice.report)
        with ExitStack() as beside:
            self._begin(beside, Ticker([beat, report], self._events))
            self._ending.wait(safe.seconds)
        if not self._ending.is_set() and self._history:
            self._history.forgive()

    def _work(self) -> bool:
        settings, events = self._settings, self._events
        streams = open_streams(plan_streams(settings), settings.threads, parse_device(settings.delegate), events)
        stuck = Stuck(events, settings.health.stuck_seconds, note=self._history.note if self._history else _forget)
        rest_s = interval_s(settings)
        pulse = Pulse(self._notifier, stuck, rest_s)
        self._condition.say("normal", "ok")
        camera = self._open_camera(pulse)
        publisher = Publisher(self.link, self._device, self.link.boot, events)
        extras = Extras(self.link, self._device, self._voice, events)
        extras.apply(settings)
        observers: list[Observer] = [publisher, self.meter, extras.snapshots, extras.collecting, pulse]
        agent = Agent(camera, streams, observers, guard=pulse, interval_s=rest_s, stop=self._ending)
        self._voice.announce(settings, streams)
        self.link.ready()
        self._notifier.ready()
        self._notifier.status(f"{streams[0].model.name} {streams[0].model.version} looks at {camera_name(settings)}")
        with ExitStack() as beside:
            beside.callback(extras.close)
            self._begin(beside, stuck, self._ticker(agent, streams, pulse, extras))
            return self._look(agent)

    def _begin(self, beside: ExitStack, *parts: Stuck | Ticker) -> None:
        """Starts what runs beside the agent, and the answers to Prometheus, if it shall have any."""
        for part in parts:
            part.start()
            beside.callback(part.close)
        if self._settings.telemetry.prometheus:
            beside.callback(self._export(self._settings.telemetry.prometheus).close)

    def _look(self, agent: Agent) -> bool:
        """Runs the loop; gives whether the broker acknowledged every result."""
        try:
            agent.run()
        except SaguiError as error:
            self._condition.say("normal", "none", shorten(str(error)))
            raise
        finally:
            self._notifier.stopping()
            delivered = self.link.drain(DRAIN_SECONDS)
            self._voice.report()
            self.link.close()
            self._say_stopped()
        return delivered

    def _open_camera(self, pulse: Pulse) -> Camera:
        def tell(incident: Incident) -> None:
            self._events.say("camera", str(incident), kind=incident.kind, reason=incident.reason)
            pulse.tell(incident)
            self._condition.camera(incident)

        camera = self._settings.camera
        return open_camera(
            camera.spec or "",
            loop=camera.loop,
            warn=lambda text: self._events.say("warning", text),
            tell=tell,
            beat=pulse.beat,
            patient=camera.patient,
        )

    def _ticker(self, agent: Agent, streams: tuple[Stream, ...], pulse: Pulse, extras: Extras) -> Ticker:
        report = Task(self._settings.telemetry.every_s, self._voice.report)

        def apply(settings: Settings) -> None:
            agent.interval_s = pulse.interval_s = interval_s(settings)
            report.every_s = settings.telemetry.every_s
            extras.apply(settings)
            for stream, plan in zip(streams, plan_streams(settings), strict=True):
                stream.decider.rules = plan.rules

        asked, notifier = self._reload_asked, self._notifier
        reloader = Reloader(self._settings, self._origin, apply, asked, notifier, self._events)
        return Ticker([Task(1.0, pulse.tick), Task(0.2, reloader.tick), report], self._events)

    def _export(self, address: str) -> "Exporter":
        from sagui.device.telemetry.prometheus import Exporter, parse_endpoint

        reporter = self._reporter()
        return Exporter(parse_endpoint(address), lambda: reporter.report(self._condition.mode))

    def _reporter(self) -> Reporter:
        return Reporter(self.meter, Machine(), self._folder, self._counts)

    def _counts(self) -> OutboxCounts:
        link = self.link
        return OutboxCounts(waiting=link.waiting, acknowledged=max(0, link.acknowledged), dropped=link.dropped)

    def _say_stopped(self) -> None:
        link, measured = self.link, self.meter.read()
        waiting, undelivered = link.waiting, link.waiting + link.dropped
        text = f"stopped after {measured.frames} frames; the broker acknowledged {link.acknowledged} results"
        if undelivered:
            text += f", {undelivered} were not delivered"
        if waiting and link.outbox.durable:
            text += f"; {waiting} wait on disk for the next start"
        percentiles = dict(zip(("p50", "p95"), measured.percentiles_ms or (), strict=False))
        self._events.say(
            "stopped",
            text,
            frames=measured.frames,
            published=link.published,
            acknowledged=link.acknowledged,
            waiting=waiting,
            dropped=link.dropped,
            latency_ms={name: round(value, 3) for name, value in percentiles.items()},
        )


def _forget(_text: str) -> None:
    """There is no history."""
