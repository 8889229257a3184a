"""A simulated device: what it says, when, and what it makes of what it hears. Driven from outside; no I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import inf

import numpy as np

from sagui.deploy.rollout.waves import parse_target
from sagui.deploy.simulate.acts import Act, Dial, Leave, Say
from sagui.deploy.simulate.course import ON_A_PI, Bad, Times
from sagui.deploy.simulate.errors import SimulationError
from sagui.deploy.simulate.stand_in import LABELS, StandInModel
from sagui.deploy.simulate.updating import Taken, Updating
from sagui.errors import SaguiError
from sagui.wire import (
    Claim,
    Desired,
    Frame,
    Health,
    ModelRef,
    OutboxCounts,
    Percentiles,
    Result,
    State,
    Telemetry,
    UpdateOrder,
    WireError,
    decode,
    encode,
    timestamp,
    topics,
)

_BACK_MIN_S, _BACK_MAX_S = 1.0, 30.0
_BEHIND_S = 5.0
"""A device that is later than this with its results leaves some out, as one does that sleeps."""


@dataclass(frozen=True)
class Profile:
    """What the devices of a fleet have in common.

    Attributes:
        groups: Whose plans they follow.
        model: The bundle's name.
        version: The bundle's version at the start.
        labels: What there is to see.
        results_per_s: Of each device; 0 is none.
        telemetry_s: Seconds from one telemetry message to the next; 0 is none.
        times: How long an update's steps take, before chance.
        bad: Versions that do not do.
        seed: Of all that is drawn.
    """

    groups: tuple[str, ...] = ("all",)
    model: str = "pets"
    version: str = "1.0.0"
    labels: tuple[str, ...] = LABELS
    results_per_s: float = 1.0
    telemetry_s: float = 60.0
    times: Times = ON_A_PI
    bad: tuple[Bad, ...] = ()
    seed: int = 0


def check(profile: Profile) -> None:
    """Sees that groups, model and versions can be said on the wire.

    Raises:
        SimulationError: One cannot, and it is named.
    """
    try:
        for group in profile.groups:
            topics.desired(group)
        for version in (profile.version, *(bad.version for bad in profile.bad)):
            parse_target(f"{profile.model}=={version}")
    except SaguiError as error:
        raise SimulationError(str(error)) from error


class Device:
    """One device. It has no outbox: what it would see while it is away is not counted.

    Attributes:
        name: In the topics.
        online: Whether it said so last.
        results: How many it said.
        ignored: Messages to it that it could not read.
    """

    def __init__(self, name: str, number: int, profile: Profile, start: float) -> None:
        """Prepares it.

        Args:
            name: In the topics.
            number: Sets its chance apart from the others'.
            profile: What it has in common with them.
            start: When it connects first; Unix time in seconds.
        """
        self.name, self._profile = name, profile
        self._rng = np.random.default_rng([profile.seed, number])
        self._model = StandInModel(profile.labels, self._rng)
        times = profile.times.drawn(self._rng)
        self.updating = Updating(name, profile.groups, profile.model, profile.version, times, profile.bad)
        self._restart_s = times.restart_s
        self._start, self._boots, self._tries, self._frames = start, 0, 0, 0
        self._label, self._kept_state = "", b""
        self._dial_due, self._result_due, self._telemetry_due = start, inf, inf
        self.online, self.results, self.ignored = False, 0, 0

    @property
    def due(self) -> float:
        """When it does something by itself next; Unix time in seconds."""
        return min(self._dial_due, self._result_due, self._telemetry_due, self.updating.due)

    def act(self, now: float) -> list[Act]:
        """Does what is due."""
        acts: list[Act] = []
        if self._dial_due <= now:
            self._dial_due = inf
            acts.append(self._dial())
        if self._result_due <= now:
            self._result_due = max(self._result_due + 1 / self._profile.results_per_s, now - _BEHIND_S)
            acts += self._see(now)
        if self._telemetry_due <= now:
            self._telemetry_due = now + self._profile.telemetry_s
            acts.append(self._telemetry(now))
        acts += self._tell(self.updating.advance(now), now)
        return acts

    def connected(self, now: float) -> list[Act]:
        """Is told that the broker took it: says all that the broker keeps, and then that it is there."""
        self._tries, self.online = 0, True
        rate, every_s = self._profile.results_per_s, self._profile.telemetry_s
        first, second = self._rng.random(2).tolist()
        self._result_due = now + first / rate if rate > 0 else inf
        self._telemetry_due = now + second * every_s if every_s > 0 else inf
        return list(self._greeting(now))

    def lost(self, now: float) -> None:
        """Is told that there is no connection: it tries again after a while.

        Full jitter, as on a device: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
        """
        self._away()
        bound = min(_BACK_MAX_S, _BACK_MIN_S * 2 ** min(self._tries, 16))
        self._tries += 1
        self._dial_due = now + bound * float(self._rng.random())

    def hear(self, topic: str, payload: bytes, now: float, *, retained: bool) -> list[Act]:
        """Is told something."""
        try:
            if topic == topics.update_set(self.name):
                # The broker would repeat a retained order at every connection.
                return [] if retained else self._tell(self.updating.obey(decode(payload, UpdateOrder), now), now)
            for group in self._profile.groups:
                if topic == topics.desired(group):
                    plan = decode(payload, Desired) if payload else None
                    return self._tell(self.updating.follow(group, plan, now), now)
        except WireError:
            self.ignored += 1
        if topic == topics.command(self.name) and b"report" in payload and not retained:
            return [self._telemetry(now)]
        return []

    def leave(self, *, forget: bool) -> list[Act]:
        """Says goodbye for good, and disconnects.

        Args:
            forget: Whether the broker shall forget all that it kept of the device.
        """
        kept = (topics.state, topics.telemetry, topics.health, topics.update_state, topics.availability)
        says = [self._available(topics.OFFLINE)] if self.online else []
        says += [Say(topic(self.name), b"", retain=True) for topic in kept] if self.online and forget else []
        self._away()
        self._dial_due = self.updating.due = inf
        return [*says, Leave()]

    def _tell(self, steps: Iterable[Taken], now: float) -> list[Act]:
        acts: list[Act] = []
        for taken in steps:
            if self.online:
                acts.append(Say(topics.update_state(self.name), encode(taken.state), retain=True))
            if taken.restarts:
                acts += [self._available(topics.OFFLINE), Leave()] if self.online else [Leave()]
                self._away()
                self._boots += 1
                self._frames = 0
                self._start, self._dial_due = now, now + self._restart_s
        return acts

    def _away(self) -> None:
        self.online = False
        self._result_due = self._telemetry_due = inf

    def _dial(self) -> Dial:
        name = self.name
        listens = [topics.claim(name), topics.availability(name), topics.command(name), topics.update_set(name)]
        listens += map(topics.desired, self._profile.groups)
        return Dial(f"sagui-{name}-{self._boot}", self._available(topics.OFFLINE), tuple(listens))

    @property
    def _boot(self) -> str:
        """The agent's start, as in the ids of its results: unlike that of any other device, start or simulation."""
        return sha256(f"{self.name}/{self._start}/{self._boots}".encode()).hexdigest()[:12]

    def _greeting(self, now: float) -> Iterator[Say]:
        name = self.name
        claim = Claim(boot=self._boot, up_s=max(0.0, now - self._start), host="simulated")
        yield Say(topics.claim(name), encode(claim))
        health = Health(time=timestamp(now), mode="normal", camera="ok")
        yield Say(topics.health(name), encode(health), retain=True)
        yield self._update_state(now)
        yield self._telemetry(now)
        if self._kept_state:
            yield Say(topics.state(name), self._kept_state, retain=True)
        yield self._available(topics.ONLINE)

    def _available(self, word: bytes) -> Say:
        return Say(topics.availability(self.name), word, retain=True)

    def _see(self, now: float) -> Iterator[Say]:
        seen, at = self._model.see(), timestamp(now)
        model = ModelRef(name=self._profile.model, version=self.updating.version)
        result = Result(
            id=f"{self._boot}-{self._frames}",
            time=at,
            label=seen.label,
            score=seen.score,
            top=seen.top,
            model=model,
            frame=Frame(index=self._frames),
            latency_ms=seen.latency_ms,
        )
        self._frames += 1
        self.results += 1
        yield Say(topics.result(self.name), encode(result))
        if seen.label != self._label:
            self._label = seen.label
            self._kept_state = encode(State(label=seen.label, score=seen.score, since=at, model=model))
            yield Say(topics.state(self.name), self._kept_state, retain=True)

    def _telemetry(self, now: float) -> Say:
        latency_ms = self._model.see().latency_ms.total
        telemetry = Telemetry(
            time=timestamp(now),
            uptime_s=max(0.0, now - self._start),
            mode="normal",
            frames=self._frames,
            fps=self._profile.results_per_s,
            latency_ms=Percentiles(p50=latency_ms, p95=latency_ms, p99=latency_ms),
            temperature_c=round(45 + 20 * float(self._rng.random()), 1),
            throttled=(),
            outbox=OutboxCounts(waiting=0, acknowledged=self.results, dropped=0),
            ignored_commands=self.ignored,
            model=ModelRef(name=self._profile.model, version=self.updating.version),
        )
        return Say(topics.telemetry(self.name), encode(telemetry), qos=0, retain=True)

    def _update_state(self, now: float) -> Say:
        return Say(topics.update_state(self.name), encode(self.updating.state(now)), retain=True)
