"""The device's name on the broker: that it is online, and that it is ours. No I/O; for the link's thread."""

import secrets
import socket
from collections.abc import Callable
from time import monotonic

from sagui.device.mqtt.claim import Answer, Pace, explain_yield, judge
from sagui.wire import Claim, WireError, decode, topics

CLAIM_EVERY_S = 1.0
"""Least time from one claim to the next, however many are heard."""

ONLINE_EVERY_S = 2.0
"""Least time from one ``online`` to the next, however many ``offline`` are heard."""

RESTATE_AFTER_S = 3.0
"""How long after we insisted all that the broker keeps is said again: by then the other has said its last."""


def new_boot() -> str:
    """Names a start of the agent: unique for ever."""
    return secrets.token_hex(6)


class Presence:
    """What is heard about the device's name, and what is to be said."""

    def __init__(self, device: str, boot: str, clock: Callable[[], float] = monotonic) -> None:
        """Begins to be up.

        Args:
            device: The name.
            boot: The agent's start.
            clock: Seconds that only grow.
        """
        self._device, self._boot, self._clock = device, boot, clock
        self._started_s = clock()
        self._host = socket.gethostname()
        self._claims, self._onlines = Pace(CLAIM_EVERY_S), Pace(ONLINE_EVERY_S)
        self._online = False
        self._restate_at_s: float | None = None
        self.yielded: str | None = None
        """Why another agent has the name, if one has."""
        self.ignored = 0
        """Claims that made no sense."""

    def claim(self) -> Claim:
        """What we claim now."""
        return Claim(boot=self._boot, up_s=round(self._clock() - self._started_s, 3), host=self._host)

    def connected(self) -> None:
        """A connection is new: nothing was said on it."""
        self._online = False
        self._onlines.drop()
        self._claims.ask()

    def said_online(self) -> None:
        """``online`` is said from now on."""
        self._online = True

    def claim_due(self) -> bool:
        """Whether to claim the name now."""
        return self._claims.take(self._clock())

    def online_due(self) -> bool:
        """Whether to say ``online`` again now."""
        return self._onlines.take(self._clock())

    def restate_due(self) -> bool:
        """Whether to say now what the broker keeps, over what another agent said in our name."""
        if self._restate_at_s is None or self._clock() < self._restate_at_s:
            return False
        self._restate_at_s = None
        return True

    def hear_availability(self, _topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (as `Handler`)
        """Takes what was said of us: the last will of a connection that was lost long ago is published late.

        What the broker kept is of before, and what we say comes behind it.
        """
        if self._online and not retained and payload == topics.OFFLINE:
            self._onlines.ask()

    def hear_claim(self, _topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (as `Handler`)
        """Takes a claim: ours, or another agent's. One that was kept by the broker is nobody's who is there."""
        heard = None if retained else _read(payload)
        if heard is None:
            self.ignored += 1
            return
        answer = judge(self.claim(), heard)
        if answer is Answer.INSIST:
            self._claims.ask()
            if self._restate_at_s is None:
                self._restate_at_s = self._clock() + RESTATE_AFTER_S
        elif answer is Answer.YIELD and self.yielded is None:
            self.yielded = explain_yield(self._device, heard)


def _read(payload: bytes) -> Claim | None:
    try:
        return decode(payload, Claim)
    except WireError:
        return None
