"""Runs the steps on a device."""

from dataclasses import dataclass

from sagui.deploy.push import commands
from sagui.deploy.push.commands import Device
from sagui.deploy.push.copying import Tell, folder, send
from sagui.deploy.push.deliver import Errand
from sagui.deploy.push.errors import PushError
from sagui.deploy.push.install.parts import Parts
from sagui.deploy.push.install.settings import first_settings
from sagui.deploy.push.install.steps import CHANGED, Layout, Step, before_settings, service
from sagui.deploy.push.machine import Machine, require_python, require_room
from sagui.deploy.push.remote import Remote, printable
from sagui.deploy.push.states import explained

_MISSING = "missing for a start: "


@dataclass(frozen=True)
class Installer:
    """Sets a device up; the `SetUp` of an errand.

    Attributes:
        parts: What it brings.
        layout: Where things go; None follows the errand.
    """

    parts: Parts
    layout: Layout | None = None

    async def __call__(self, remote: Remote, machine: Machine, errand: Errand, tell: Tell) -> None:
        """See `SetUp`."""
        require_python(machine)
        require_room(machine, self.parts.bytes)
        if machine.sagui is None and self.parts.wheel is None:
            raise PushError("no sagui there yet: give it one with --wheel (in the clone: pip wheel --no-deps .)")
        layout = self.layout or Layout.of(errand.device)
        async with folder(remote, private=True) as place:
            work = _Work(remote, errand.device, machine.user, tell)
            await work.require_root()
            await self._bring(remote, machine, layout, place, tell)
            for step in before_settings(layout, self.parts, place):
                await work.run(step)
            await work.require_settings()
            await work.run(service(layout, self.parts, place))

    async def _bring(self, remote: Remote, machine: Machine, layout: Layout, place: str, tell: Tell) -> None:
        total, sent = self.parts.bytes, 0

        def advance(count: int) -> None:
            nonlocal sent
            sent += count
            tell("setting up: copying", sent / total)

        for piece in self.parts.pieces:
            await send(remote, piece, f"{place}/{piece.place}", advance)
        if self.parts.settings is None:
            root = layout.root if self.parts.root else None
            text = first_settings(machine.name, f"{layout.prefix}/{self.parts.bundle.place}", root)
            ran = await remote.run(commands.receive(f"{place}/agent.toml"), text.encode())
            if ran.status != 0:
                raise PushError(explained(ran, "settings"))


@dataclass
class _Work:
    remote: Remote
    device: Device
    user: str
    tell: Tell
    changed: bool = False

    async def require_root(self) -> None:
        ran = await self.remote.run([*self.device.become(self.user, root=True), "true"])
        if ran.status != 0:
            raise PushError(explained(ran, "setting up needs root"))

    async def run(self, step: Step) -> None:
        self.tell(f"setting up: {step.name}", None)
        command = commands.guarded(step.command(changed=self.changed))
        ran = await self.remote.work([*self.device.become(self.user, root=True), *command])
        if ran.status != 0:
            raise PushError(printable(f"setting up failed at {step.name}: {ran.reason}"))
        self.changed |= CHANGED in ran.out.splitlines()

    async def require_settings(self) -> None:
        """Looks at the settings as the agent will; the service's environment may add to them."""
        self.tell("setting up: settings", None)
        ran = await self.remote.run([*self.device.become(self.user), *self.device.check_settings()])
        if ran.status != 0:
            raise PushError(printable(f"its settings {self.device.config}: {ran.reason}"))
        missing = [line for line in ran.out.splitlines() if line.startswith(_MISSING)]
        if missing and self.changed:
            keys = ", ".join(printable(line.removeprefix(_MISSING).partition(":")[0]) for line in missing)
            raise PushError(f"set up, but its settings lack {keys}: edit {self.device.config} there, then push again")
