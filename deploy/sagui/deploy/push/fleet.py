"""Many devices at once; one that fails stops no other."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from sagui.deploy.push.board import Board
from sagui.deploy.push.deliver import Errand, deliver
from sagui.deploy.push.hosts import Host
from sagui.deploy.push.login import Login, connected
from sagui.deploy.push.remote import printable
from sagui.errors import SaguiError

INTERRUPTED = "interrupted; what it had taken before goes on by itself: sagui update status"


@dataclass(frozen=True)
class Outcome:
    """What became of one device.

    Attributes:
        ok: Whether the model stands there.
        words: For a person.
        seconds: How long it took.
    """

    host: Host
    ok: bool
    words: str
    seconds: float


@dataclass
class Fleet:
    """A push to many devices.

    Attributes:
        outcomes: Of the devices that are done, in the order in which they ended; also after an interruption.
    """

    hosts: Sequence[Host]
    errand: Errand
    login: Login
    board: Board
    jobs: int = 8
    outcomes: list[Outcome] = field(default_factory=list)

    def push(self) -> bool:
        """Pushes to all.

        Returns:
            Whether the model stands on every device.

        Raises:
            KeyboardInterrupt: A person or SIGTERM ended it. What ran on devices was ended there, and nothing of the
                copy is left on them.
        """
        try:
            asyncio.run(self._all())
        except asyncio.CancelledError as error:
            raise KeyboardInterrupt from error
        return all(outcome.ok for outcome in self.outcomes)

    async def _all(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            # An interrupt becomes a cancellation too; asyncio sees to that.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        gate = asyncio.Semaphore(self.jobs)
        async with asyncio.TaskGroup() as group:
            for host in self.hosts:
                group.create_task(self._one(host, gate))

    async def _one(self, host: Host, gate: asyncio.Semaphore) -> None:
        start = monotonic()
        try:
            async with gate:
                start = monotonic()
                words = await self._pushed(host)
        except (SaguiError, OSError) as error:
            self._end(Outcome(host, ok=False, words=printable(str(error)), seconds=monotonic() - start))
        except asyncio.CancelledError:
            self._end(Outcome(host, ok=False, words=INTERRUPTED, seconds=monotonic() - start))
            raise
        else:
            self._end(Outcome(host, ok=True, words=words, seconds=monotonic() - start))

    async def _pushed(self, host: Host) -> str:
        def tell(step: str, share: float | None) -> None:
            self.board.at(host, step, share)

        tell("connecting", None)
        async with connected(host, self.login) as remote:
            return await deliver(remote, self.errand, tell)

    def _end(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.board.ended(outcome.host, outcome.words, ok=outcome.ok)
