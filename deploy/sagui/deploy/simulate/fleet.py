"""Many devices on one network: has each do what is due, and hands on what it is told."""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sagui.deploy.simulate.acts import Act, Dial, Leave
from sagui.deploy.simulate.device import Device
from sagui.deploy.simulate.network import Connected, Happening, Heard, Lost, Network
from sagui.wire import Phase

_AT_A_TIME = 200
"""Devices that act before the network is listened to again."""


@dataclass(frozen=True)
class Standing:
    """How a fleet is.

    Attributes:
        devices: How many there are.
        online: How many of them have a connection.
        results: Said since the start, by all.
        versions: How many run which version.
        phases: How many are where with an update.
        late_s: How much too late something was done at most, since this was asked last: over a second, this machine
            is too slow for the fleet, and its times say nothing about the broker.
        away: Why a device lost its connection last; empty if all are there.
    """

    devices: int
    online: int
    results: int
    versions: Counter[str]
    phases: Counter[Phase]
    late_s: float
    away: str


class Fleet:
    """Devices and their network. Used by one thread."""

    def __init__(self, devices: Sequence[Device], network: Network, clock: Callable[[], float]) -> None:
        """Prepares them.

        Args:
            devices: Each with a name of its own.
            network: What carries their messages.
            clock: Unix time in seconds.
        """
        self._devices = {device.name: device for device in devices}
        self._network, self._clock = network, clock
        self._agenda = [(device.due, device.name) for device in devices]
        heapq.heapify(self._agenda)
        self._noted = {device.name: device.due for device in devices}
        self._late_s, self._lost = 0.0, ""

    def turn(self, longest_s: float) -> None:
        """Has devices do what is due, waits for the network, and hands on what it tells.

        Args:
            longest_s: To wait.
        """
        self._act()
        next_s = self._agenda[0][0] - self._clock() if self._agenda else longest_s
        for happening in self._network.listen(max(0.0, min(next_s, longest_s))):
            self._hand_on(happening)

    def standing(self) -> Standing:
        """Counts."""
        devices = self._devices.values()
        late_s, self._late_s = self._late_s, 0.0
        online = sum(device.online for device in devices)
        return Standing(
            len(devices),
            online,
            sum(device.results for device in devices),
            Counter(device.updating.version for device in devices),
            Counter(device.updating.phase for device in devices),
            late_s,
            self._lost if online < len(devices) else "",
        )

    def close(self, *, forget: bool) -> int:
        """Has all devices say goodbye.

        Args:
            forget: Whether the broker shall forget what it kept of them.

        Returns:
            How many were away, and could not say it.
        """
        away = sum(not device.online for device in self._devices.values())
        for number, device in enumerate(self._devices.values()):
            self._carry_out(device, device.leave(forget=forget))
            if number % _AT_A_TIME == 0:
                self._network.listen(0.0)
        self._network.close()
        return away

    def _act(self) -> None:
        for _ in range(_AT_A_TIME):
            now = self._clock()
            if not self._agenda or self._agenda[0][0] > now:
                return
            due, name = heapq.heappop(self._agenda)
            if self._noted[name] != due:
                continue  # it has other plans since
            self._noted[name] = float("nan")
            self._late_s = max(self._late_s, now - due)
            device = self._devices[name]
            self._carry_out(device, device.act(now))

    def _hand_on(self, happening: Happening) -> None:
        device, now = self._devices[happening.device], self._clock()
        acts: list[Act] = []
        match happening:
            case Connected():
                acts = device.connected(now)
            case Lost():
                self._lost = happening.reason
                device.lost(now)
            case Heard():
                acts = device.hear(happening.topic, happening.payload, now, retained=happening.retained)
        self._carry_out(device, acts)

    def _carry_out(self, device: Device, acts: Sequence[Act]) -> None:
        for act in acts:
            match act:
                case Dial():
                    self._network.dial(device.name, act)
                case Leave():
                    self._network.leave(device.name)
                case _:
                    self._network.say(device.name, act)
        if device.due != self._noted[device.name]:
            self._noted[device.name] = device.due
            heapq.heappush(self._agenda, (device.due, device.name))
