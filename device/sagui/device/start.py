"""From settings to an agent at work. Composition only: who is told of what, and in which order things begin and end."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic

from sagui.device.agent import Agent
from sagui.device.cameras import Camera, Incident, open_camera
from sagui.device.condition import Condition
from sagui.device.config.settings import Settings
from sagui.device.config.streams import plan_streams
from sagui.device.ending import AGAIN, Ending, in_words
from sagui.device.errors import DeviceError
from sagui.device.events import Events
from sagui.device.extras import Extras
from sagui.device.farewell import say_stopped, undelivered
from sagui.device.health.crashes import SafeMode
from sagui.device.health.history import History
from sagui.device.health.notify import Notifier
from sagui.device.health.pulse import Pulse
from sagui.device.health.stuck import Stuck
from sagui.device.machine import Machine
from sagui.device.memory import give_back_free
from sagui.device.models import open_streams
from sagui.device.mqtt.link import Link
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
from sagui.device.update.station import Updates
from sagui.device.voice import Voice
from sagui.infer.errors import InferError
from sagui.infer.runtimes.device import parse_device
from sagui.wire import OutboxCounts

DRAIN_SECONDS = 10.0
"""How long a clean stop waits for the broker to acknowledge what was published."""

LOAD_SECONDS = 180.0
"""How long models may take to load while the watchdog is at work: as long as the service may take to start."""

_LAST_WORDS_S = 2.0
_LINGER_STEP_S = 0.02


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
        self._voice = Voice(self.link, self._device, self._reporter(), self._condition, ending.set, events)
        self._updates = Updates(self.link, self._device, self._folder, ending, events)
        self._opened_s, self._fed = 0.0, AGAIN in origin.environment

    def run(self) -> None:
        """Works until the camera has no more, or it is stopped.

        Raises:
            SaguiError: It cannot begin or go on, or the broker did not take every result.
        """
        self._opened_s = monotonic()
        self.link.open()
        try:
            self._stay()
        except Exception as error:
            if self._history:
                self._history.note(in_words(error))
            self._updates.excuse(error)
            raise
        finally:
            self.link.close()

    def _stay(self) -> None:
        safe = self._history.begin() if self._history else None
        if safe:
            self._rest(safe)
        if self._ending.is_set():
            self._leave(0.0)
            delivered = True
        else:
            delivered = self._work()
        if self._history:
            self._history.end()
        if self._ending.error:
            raise self._ending.error
        if not delivered:
            error = undelivered(self.link, str(self._address), DRAIN_SECONDS)
            if not self._ending.again:
                raise error
            self._events.say("warning", str(error))

    def _rest(self, safe: SafeMode) -> None:
        """Is there, and listens, but leaves camera and model alone."""
        self._condition.say("safe", "none", str(safe))
        self._voice.announce(self._settings)
        self.link.ready()
        self._notifier.ready()
        self._notifier.status(str(safe))
        report = Task(self._settings.telemetry.every_s, self._voice.report)

        def apply(settings: Settings) -> None:
            self._settings, report.every_s = settings, settings.telemetry.every_s

        with ExitStack() as beside:
            try:
                self._serve(beside)
            except DeviceError as error:  # it may be what led here
                self._events.say("warning", str(error))
            self._begin(beside, self._ticker(Task(1.0, self._notifier.camera_beat), report, apply))
            self._ending.wait(safe.seconds)
        self._fed = True
        if not self._ending.is_set() and self._history:
            self._history.forgive()

    def _work(self) -> bool:
        with ExitStack() as beside:
            try:
                agent = self._prepare(beside)
            except Exception as error:
                self._condition.fail(in_words(error))
                self._linger()
                raise
            return self._look(agent)

    def _prepare(self, beside: ExitStack) -> Agent | None:
        """Gives an agent that is ready to look; None if it is to end already."""
        self._condition.begin()
        self._serve(beside)
        streams = self._load()
        if streams is None or self._ending.is_set():
            return None
        settings, events = self._settings, self._events
        stuck = Stuck(events, settings.health.stuck_seconds, note=self._history.note if self._history else _forget)
        rest_s = interval_s(settings)
        pulse = Pulse(self._notifier, stuck, rest_s)
        camera = self._open_camera(pulse)
        beside.callback(camera.close)
        publisher = Publisher(self.link, self._device, self.link.boot, events)
        extras = Extras(self.link, self._device, self._voice, events)
        beside.callback(extras.close)
        extras.apply(settings)
        observers: list[Observer] = [publisher, self.meter, extras.snapshots, extras.collecting]
        if workplace := self._updates.attach(settings, streams):
            observers.append(workplace)
        observers.append(pulse)
        agent = Agent(camera, streams, observers, guard=pulse, interval_s=rest_s, stop=self._ending)
        self._voice.announce(settings, streams)
        self._updates.start(settings, self.meter, self._condition)
        self.link.ready()
        self._notifier.ready()
        self._notifier.status(f"{streams[0].model.name} {streams[0].model.version} looks at {camera_name(settings)}")
        self._begin(beside, stuck, self._working(agent, streams, pulse, extras))
        give_back_free()
        return agent

    def _load(self) -> tuple[Stream, ...] | None:
        """Loads the models; None if the one on trial cannot be loaded, and the one before is to take its place."""
        settings, until_s = self._updates.choose(self._settings), monotonic() + LOAD_SECONDS

        def feed() -> None:
            if monotonic() < until_s:
                self._notifier.camera_beat()

        with ExitStack() as meanwhile:
            if self._fed:  # before the first `ready` systemd has other patience
                self._begin(meanwhile, Ticker([Task(1.0, feed)], self._events))
            device = parse_device(settings.delegate)
            try:
                return open_streams(plan_streams(settings), settings.threads, device, self._events)
            except Exception as error:
                if self._updates.give_up(error):
                    return None
                raise

    def _look(self, agent: Agent | None) -> bool:
        """Runs the loop; gives whether the broker acknowledged every result."""
        try:
            if agent:
                agent.run()
        except Exception as error:
            if not (isinstance(error, InferError) and self._updates.give_up(error)):
                self._condition.fail(in_words(error))
                raise
        finally:
            delivered = self._leave(DRAIN_SECONDS)
        return delivered

    def _leave(self, patience_s: float) -> bool:
        """Says the last words; gives whether the broker acknowledged every result."""
        self._updates.stop()
        if self._ending.again:
            # Of `stopping`, systemd would wait for the end of this process, and then kill it.
            self._notifier.reloading()
        else:
            self._notifier.stopping()
        delivered = self.link.drain(patience_s)
        self._voice.report()
        self.link.close()
        say_stopped(self.link, self.meter.read(), self._events)
        return delivered

    def _linger(self) -> None:
        """Waits a moment for the broker: why there will be no agent is worth to be known."""
        until_s = self._opened_s + _LAST_WORDS_S
        while not self.link.connected and monotonic() < until_s and not self._ending.wait(_LINGER_STEP_S):
            pass

    def _begin(self, beside: ExitStack, *parts: Stuck | Ticker) -> None:
        for part in parts:
            part.start()
            beside.callback(part.close)

    def _serve(self, beside: ExitStack) -> None:
        """Answers Prometheus, if it shall have answers."""
        if not self._settings.telemetry.prometheus:
            return
        from sagui.device.telemetry.prometheus import Exporter, parse_endpoint

        reporter, endpoint = self._reporter(), parse_endpoint(self._settings.telemetry.prometheus)
        beside.callback(Exporter(endpoint, lambda: self._voice.measure(reporter)).close)

    def _open_camera(self, pulse: Pulse) -> Camera:
        def tell(incident: Incident) -> None:
            self._events.say("camera", str(incident), kind=incident.kind, reason=incident.reason)
            pulse.tell(incident)
            self._condition.camera(incident)

        def beat() -> None:
            self._condition.frame()
            pulse.beat()

        camera = self._settings.camera
        return open_camera(
            camera.spec or "",
            loop=camera.loop,
            warn=lambda text: self._events.say("warning", text),
            tell=tell,
            beat=beat,
            patient=camera.patient,
        )

    def _working(self, agent: Agent, streams: tuple[Stream, ...], pulse: Pulse, extras: Extras) -> Ticker:
        report = Task(self._settings.telemetry.every_s, self._voice.report)

        def apply(settings: Settings) -> None:
            self._settings, report.every_s = settings, settings.telemetry.every_s
            agent.interval_s = pulse.interval_s = interval_s(settings)
            self.meter.gaps = not leaves_out(settings)
            for stream, plan in zip(streams, plan_streams(settings), strict=True):
                stream.decider.rules = plan.rules
            extras.apply(settings)
            self._updates.apply(settings)
            self._voice.announce(settings, streams)

        return self._ticker(Task(1.0, pulse.tick), report, apply)

    def _ticker(self, pulse: Task, report: Task, apply: Callable[[Settings], None]) -> Ticker:
        asked, notifier = self._reload_asked, self._notifier
        reloader = Reloader(self._settings, self._origin, apply, asked, notifier, self._events)
        return Ticker([pulse, Task(0.2, reloader.tick), Task(0.2, self._voice.tick), report], self._events)

    def _reporter(self) -> Reporter:
        return Reporter(self.meter, Machine(), self._folder, self._counts)

    def _counts(self) -> OutboxCounts:
        link = self.link
        return OutboxCounts(waiting=link.waiting, acknowledged=max(0, link.acknowledged), dropped=link.dropped)


def _forget(_text: str) -> None:
    """There is no history."""
