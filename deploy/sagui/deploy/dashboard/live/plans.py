"""The groups' plans, as the broker keeps them: anybody may have written them, so this memory is bounded. No I/O."""

from dataclasses import dataclass

import msgspec

from sagui.deploy.rollout.members import read_plan
from sagui.deploy.watch.reading import read
from sagui.wire import Desired, WireError, topics

EVERY = f"{topics.PREFIX}/{topics.FLEET}/+/desired"
"""The filter of all groups' plans."""

MOST_GROUPS = 100
"""So many groups' plans are kept; of others it is counted how many messages there were."""

_MOST_BYTES = 16 * 1024
_LONGEST_WHY = 256


@dataclass(frozen=True)
class Kept:
    """What the broker keeps as a group's plan.

    Attributes:
        group: Whose it is.
        plan: None where it is no plan.
        trouble: Why it is none; empty where it is one.
    """

    group: str
    plan: Desired | None
    trouble: str = ""


class Plans:
    """Takes what is said on topics of groups.

    Attributes:
        crowded_out: Plans of groups that are too many to be kept.
    """

    def __init__(self) -> None:
        """Knows no plan."""
        self._kept: dict[str, Kept] = {}
        self.crowded_out = 0

    @staticmethod
    def hears(topic: str) -> bool:
        """Whether a topic is no device's, but the groups'."""
        return topic.startswith(f"{topics.PREFIX}/{topics.FLEET}/")

    def take(self, topic: str, payload: bytes) -> bool:
        """Takes a message; an empty one takes the plan back.

        Args:
            topic: One that `hears` is true of.
            payload: As it came.

        Returns:
            Whether something is another than it was.
        """
        try:
            group = topics.check_group(topic.split("/")[2])
        except WireError:
            return False
        if topic != topics.desired(group):
            return False
        if not payload:
            return self._kept.pop(group, None) is not None
        if group not in self._kept and len(self._kept) >= MOST_GROUPS:
            self.crowded_out += 1
            return True
        before, self._kept[group] = self._kept.get(group), _understood(group, payload)
        return before != self._kept[group]

    def kept(self) -> tuple[Kept, ...]:
        """All plans, by group."""
        return tuple(self._kept[group] for group in sorted(self._kept))


def _understood(group: str, payload: bytes) -> Kept:
    try:
        read(payload, Desired, _MOST_BYTES)  # which tells of one that is too long, or from a newer sagui
        plan = read_plan(payload)
    except WireError as error:
        return Kept(group, None, str(error)[:_LONGEST_WHY])
    return Kept(group, msgspec.structs.replace(plan, reason=plan.reason[:_LONGEST_WHY] if plan.reason else None))
