"""What is known of a group: its plan, and what its devices said of themselves. No I/O."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

import msgspec

from sagui.deploy.rollout.port import Heard
from sagui.deploy.rollout.standing import Member, concerns, moment, said_at
from sagui.wire import Desired, UpdateState, WireError, decode, topics

_OF_DEVICES = ("update/state", "availability")


class _Known(NamedTuple):
    state: UpdateState
    said: datetime
    heard: datetime


class Roster:
    """Takes messages, and knows who is there and what the plan is.

    Attributes:
        plan: The group's newest; None if there is none.
        plan_trouble: Why what is kept as the plan is none; empty if it is one.
        unreadable: Topics of the devices whose words could not be read; those devices are left out.
    """

    def __init__(self, group: str) -> None:
        self.group = group
        self.plan: Desired | None = None
        self.plan_trouble = ""
        self.unreadable: set[str] = set()
        self._plan_topic = topics.desired(group)
        self._states: dict[str, _Known] = {}
        self._online: dict[str, bool] = {}
        self._came: dict[str, datetime] = {}

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to; the plan comes last, so that nothing is missing when it is there."""
        return (*(topics.every(name) for name in _OF_DEVICES), self._plan_topic)

    def hear(self, message: Heard, now: datetime) -> None:
        """Takes a message; what is none of ours is left alone.

        Args:
            message: As it came.
            now: UTC.
        """
        if message.topic == self._plan_topic:
            self._hear_plan(message.payload)
            return
        try:
            device = topics.device_of(message.topic)
        except WireError:
            return
        self.unreadable.discard(message.topic)
        try:
            if message.topic == topics.update_state(device):
                self._hear_state(device, message, now)
            elif message.topic == topics.availability(device):
                self._hear_availability(device, message, now)
        except (WireError, ValueError):
            self.unreadable.add(message.topic)

    def forget_plan(self) -> None:
        """Begins anew with the plan; what the broker keeps comes again."""
        self.plan, self.plan_trouble = None, ""

    def members(self, plan: Desired) -> list[Member]:
        """The devices that a plan for the group concerns, by name."""
        return [member for member in self.everybody() if concerns(plan, self.group, member.state)]

    def everybody(self) -> list[Member]:
        """All devices that said what they run, by name, of whatever group."""
        return [
            Member(device, known.state, self._online.get(device, False), known.said, self._came.get(device))
            for device, known in sorted(self._states.items())
        ]

    def models(self) -> Counter[str]:
        """How many devices of the group have which model."""
        states = (member.state for member in self.everybody())
        return Counter(state.model or "no bundle" for state in states if self.group in state.groups)

    def groups(self) -> Counter[str]:
        """How many devices follow which group."""
        return Counter(group for member in self.everybody() for group in set(member.state.groups))

    def _hear_plan(self, payload: bytes) -> None:
        self.forget_plan()
        if not payload:
            return
        try:
            self.plan = read_plan(payload)
        except WireError as error:
            self.plan_trouble = str(error)

    def _hear_state(self, device: str, message: Heard, now: datetime) -> None:
        if not message.payload:
            self._states.pop(device, None)
            return
        # A device that cannot be read is out: its older words may be wrong by now.
        before = self._states.pop(device, None)
        state = decode(message.payload, UpdateState)
        said = said_at(Member(device, state, online=True), now) if message.kept else now
        if before and _same(before.state, state):
            said = before.said
        elif before:
            # It said something else then, whatever its clock shows.
            said = max(said, before.heard)
        self._states[device] = _Known(state, said, now)

    def _hear_availability(self, device: str, message: Heard, now: datetime) -> None:
        was = self._online.pop(device, None)
        if message.payload not in {topics.ONLINE, topics.OFFLINE, b""}:
            raise WireError(f"{message.topic}: neither online nor offline")
        self._online[device] = message.payload == topics.ONLINE
        if was is not None and not was and self._online[device]:
            self._came[device] = now


def read_plan(payload: bytes) -> Desired:
    """Reads a plan that rules can be applied to.

    Raises:
        WireError: It is none, or says what cannot be.
    """
    plan = decode(payload, Desired)
    try:
        moment(plan.since)
        moment(plan.time)
    except ValueError as error:
        raise WireError(f"not a plan: no such time: {error}") from error
    if plan.wave >= len(plan.waves):
        raise WireError(f"not a plan: wave {plan.wave}, and only {len(plan.waves)} of them")
    return plan


def _same(one: UpdateState, other: UpdateState) -> bool:
    """Whether nothing changed but the time: a device says its state again when it reconnects."""
    return msgspec.structs.replace(one, time=other.time) == other
