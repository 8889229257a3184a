"""One device: look, copy, prove, activate, wait until it stands, or take it back."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from sagui.deploy.push import commands
from sagui.deploy.push.commands import Device
from sagui.deploy.push.copying import Tell, copy, folder
from sagui.deploy.push.errors import PushError
from sagui.deploy.push.machine import LOOK, Machine, parse_look, require_machine, require_room, require_sagui
from sagui.deploy.push.parcel import Parcel
from sagui.deploy.push.remote import Ran, Remote
from sagui.deploy.push.states import explained, late, on_trial, parse_state, refusal, shown, stands
from sagui.wire.updates import UpdateState

_LOOK_EVERY_S = 2.0
_SPARE_S = 60.0


@dataclass(frozen=True)
class Errand:
    """What every device of a push is to get.

    Attributes:
        parcel: The model.
        device: How sagui is called there.
        wait_s: How long a device may take until it stands.
        set_up: Sets up a bare device first; None leaves devices as they are.
    """

    parcel: Parcel
    device: Device
    wait_s: float
    set_up: "SetUp | None" = None


class SetUp(Protocol):
    """Makes a device out of a bare system."""

    def __call__(self, remote: Remote, machine: Machine, errand: Errand, tell: Tell) -> Awaitable[None]:
        """Sets it up; what is there already stays as it is.

        Raises:
            PushError: A step failed.
        """


async def deliver(remote: Remote, errand: Errand, tell: Tell) -> str:
    """Brings a model to a device that we are logged in to, and leaves nothing else there.

    Args:
        remote: The device.
        errand: What it is to get.
        tell: Is told each step.

    Returns:
        What became of it, for a person.

    Raises:
        PushError: The device works with the model it had before, unless the message says otherwise.
        LinkError: The connection was lost.
    """
    tell("looking", None)
    machine = await _look(remote, errand.device)
    require_machine(machine)
    require_room(machine, errand.parcel.bytes)
    if errand.set_up is not None:
        await errand.set_up(remote, machine, errand, tell)
        machine = await _look(remote, errand.device)
    require_sagui(machine, errand.device.sagui)
    return await _Delivery(remote, errand, machine.user, tell).go()


async def _look(remote: Remote, device: Device) -> Machine:
    ran = await remote.run(commands.script(LOOK, device.sagui))
    return parse_look(ran.out)


class _Delivery:
    def __init__(self, remote: Remote, errand: Errand, user: str, tell: Tell) -> None:
        self._remote = remote
        self._parcel = errand.parcel
        self._device = errand.device
        self._wait_s = errand.wait_s
        self._user = user
        self._tell = tell

    async def go(self) -> str:
        before = await self._require_state()
        if self._parcel.signed and stands(before, self._parcel):
            return f"runs {self._parcel.title} already"
        if why := refusal(before, self._parcel):
            raise PushError(why)
        async with folder(self._remote, private=False) as place:
            await copy(self._remote, self._parcel, place, self._tell)
            await self._selftest(place)
            await self._install(place)
        return f"{self._parcel.title} confirmed, before it {shown(before)}"

    async def _selftest(self, place: str) -> None:
        self._tell("selftest", None)
        bundle = f"{place}/{self._parcel.bundle.place}"
        ran = await self._remote.work(self._device.selftest(self._user, bundle))
        if ran.status != 0:
            raise PushError(explained(ran, "selftest"))

    async def _install(self, place: str) -> None:
        # Ours is the shorter patience: theirs ends what a lost connection left behind.
        command = self._device.install(self._user, place, self._parcel, self._wait_s + _SPARE_S)
        watching = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(self._wait_s):
                ran = await self._remote.work(command)
        except TimeoutError:
            ran = None
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await self._require_standing(ran)

    async def _watch(self) -> None:
        """Tells the device's own phases, which the command that waits does not."""
        self._tell("installing", None)
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if state := await self._state():
                share = None if state.update_percentage is None else state.update_percentage / 100
                self._tell(state.phase, share)

    async def _require_standing(self, ran: Ran | None) -> None:
        """Ends well only if the device itself says that the model stands."""
        state = await self._state()
        if ran is not None and ran.status == 0 and state is not None and stands(state, self._parcel):
            return
        reason = self._reason(ran, state)
        if state is not None and on_trial(state, self._parcel):
            reason = f"{reason}; {await self._take_back()}"
        raise PushError(reason)

    def _reason(self, ran: Ran | None, state: UpdateState | None) -> str:
        if ran is None:
            return late(state, self._parcel, self._wait_s)
        if ran.status != 0:
            return explained(ran, "update")
        return f"the update ended well, but the device runs {shown(state)}"

    async def _take_back(self) -> str:
        self._tell("reverting", None)
        ran = await self._remote.run(self._device.revert(self._user))
        if ran.status != 0:
            return explained(ran, "it could NOT be taken back")
        return f"taken back: it runs {shown(await self._state())}"

    async def _require_state(self) -> UpdateState:
        ran = await self._remote.run(self._device.status(self._user))
        state = parse_state(ran)
        if state is None:
            raise PushError(explained(ran, "sagui update status"))
        return state

    async def _state(self) -> UpdateState | None:
        return parse_state(await self._remote.run(self._device.status(self._user)))
