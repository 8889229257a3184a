"""Runs a fleet on a broker, and tells how it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sagui.deploy.simulate import show
from sagui.deploy.simulate.device import Device, Profile
from sagui.deploy.simulate.errors import SimulationError
from sagui.deploy.simulate.fleet import Fleet, Standing
from sagui.deploy.simulate.network import Network
from sagui.wire import WireError, topics

_LONGEST_S = 0.2
_PATIENCE_S = 15.0
_JUST_NOW_S = 0.05


@dataclass(frozen=True)
class Run:
    """How a simulation goes.

    Attributes:
        devices: How many.
        prefix: Their names are this, a hyphen, and a number.
        connects_per_s: How many connect each second at the start.
        duration_s: None goes on until it is stopped.
        every_s: How often it is told how the fleet is.
        json: As objects.
        forget: Whether the broker shall forget the devices at the end.
    """

    devices: int
    prefix: str = "sim"
    connects_per_s: float = 200.0
    duration_s: float | None = None
    every_s: float = 5.0
    json: bool = False
    forget: bool = True


def names(prefix: str, count: int) -> list[str]:
    """Names devices, with as many digits as the last one needs.

    Raises:
        SimulationError: They cannot stand in a topic.

    >>> names("sim", 2)
    ['sim-1', 'sim-2']
    """
    digits = len(str(count))
    try:
        return [topics.check_device(f"{prefix}-{number:0{digits}d}") for number in range(1, count + 1)]
    except WireError as error:
        raise SimulationError(str(error)) from error


class Simulation:
    """A fleet at work.

    Attributes:
        stopped: Set it to end well.
    """

    def __init__(
        self,
        profile: Profile,
        how: Run,
        network: Network,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepares it.

        Args:
            profile: What the devices have in common.
            how: How it goes.
            network: What carries their messages.
            say: Told a line now and then.
            clock: Unix time in seconds.
        """
        self._how, self._network, self._say, self._clock = how, network, say, clock
        self._start = clock()
        devices = [
            Device(name, number, profile, self._start + number / how.connects_per_s)
            for number, name in enumerate(names(how.prefix, how.devices))
        ]
        self._fleet = Fleet(devices, network, clock)
        self._told_at, self._told_results = self._start, 0
        self.stopped = False

    def run(self) -> Standing:
        """Runs until it is stopped, or its time is over; then has the devices say goodbye.

        Returns:
            How the fleet was before that.

        Raises:
            SimulationError: No device ever came onto the broker.
        """
        try:
            self._go()
            standing = self._fleet.standing()
            if self._how.json or self._clock() - self._told_at > _JUST_NOW_S:
                self._tell(standing)
        finally:
            away = self._fleet.close(forget=self._how.forget)
        if away and self._how.forget:
            self._say(f"{away} devices were away: the broker keeps what they said last")
        return standing

    def _go(self) -> None:
        looked = False
        while not self.stopped and not self._over():
            self._fleet.turn(_LONGEST_S)
            now = self._clock()
            if not looked and now - self._start > _PATIENCE_S:
                looked = True
                self._see_that_somebody_is_there()
            if now - self._told_at >= self._how.every_s:
                self._tell(self._fleet.standing())

    def _see_that_somebody_is_there(self) -> None:
        standing = self._fleet.standing()
        if not standing.online and not standing.results:
            raise SimulationError(f"no device comes onto the broker: {standing.away or 'it does not answer'}")

    def _over(self) -> bool:
        lasts = self._how.duration_s
        return lasts is not None and self._clock() - self._start >= lasts

    def _tell(self, standing: Standing) -> None:
        now = self._clock()
        elapsed_s, since_s = now - self._start, now - self._told_at
        if self._how.json:
            self._say(show.record(standing, elapsed_s, self._network.delivered))
        else:
            rate = (standing.results - self._told_results) / since_s if since_s > 0 else 0.0
            self._say(show.line(standing, elapsed_s, rate))
        self._told_at, self._told_results = now, standing.results
