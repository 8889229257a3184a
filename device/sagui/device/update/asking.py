"""What is asked of a device, and what became of that: kept in memory, by the updater's thread."""

from dataclasses import replace

from sagui.device.errors import Cancelled
from sagui.device.store import Ledger, Origin
from sagui.device.update import wishes
from sagui.device.update.announce import Announcer, Word, resting
from sagui.device.update.inbox import Inbox
from sagui.device.update.policy import Clocks, Policy
from sagui.device.update.rules import Self
from sagui.device.update.wishes import Wish


class Unwanted(Cancelled):
    """Nobody wants it any more."""


class Asking:
    """Orders and plans, in the light of the settings."""

    def __init__(self, inbox: Inbox, policy: Policy, clocks: Clocks) -> None:
        self._inbox, self._clocks = inbox, clocks
        self.policy = policy

    def wish(self, me: Self) -> Wish | None:
        """Gives what is asked for now: by an order, else by a plan."""
        order, number = self._inbox.order()
        if order is not None:
            return replace(wishes.of_order(order, me), revision=number)
        return wishes.of_plans(self._plans(), me, self._clocks.local())

    def is_wanted(self, origin: Origin, rollout: str | None, me: Self) -> bool | None:
        """See `sagui.device.update.wishes.wanted_still`."""
        return wishes.wanted_still(origin, rollout, self._plans(), self.policy.groups, me)

    def why_later(self, origin: Origin, version: str, me: Self) -> str:
        """Why a model is not to be put to work now; an order for it does away with all reasons but a pin."""
        if self._is_ordered(version) and not me.pinned:
            return ""
        return wishes.why_later(origin, me, self._clocks.local())

    def followed(self, me: Self) -> str | None:
        """See `sagui.device.update.wishes.follower`."""
        return wishes.follower(self._plans(), me)

    def done(self, wish: Wish) -> None:
        """Takes an order away; plans stay."""
        if wish.origin == "order" and isinstance(wish.revision, int):
            self._inbox.done(wish.revision)

    def settled(self, version: str) -> None:
        """Takes an order for this version away."""
        _, number = self._inbox.order()
        if self._is_ordered(version):
            self._inbox.done(number)

    def _is_ordered(self, version: str) -> bool:
        order, _ = self._inbox.order()
        return order is not None and order.order == "install" and order.version in {None, version}

    def _plans(self) -> wishes.Plans:
        return self._inbox.plans(self.policy.groups)


class Trouble:
    """Why nothing comes of it, and when it is worth another try."""

    def __init__(self, announcer: Announcer, asking: Asking, clocks: Clocks) -> None:
        self._announcer, self._asking, self._clocks = announcer, asking, clocks
        self._word: Word | None = None
        self._failures = 0
        self._retry_s = clocks.monotonic()

    def is_due(self) -> bool:
        """Whether to try now."""
        return self._clocks.monotonic() >= self._retry_s

    def wait_for(self, why: str, rollout: str | None = None) -> None:
        """It cannot be done now; another try follows by itself, after longer and longer waits."""
        delay_s = self._asking.policy.backoff.delay_s(self._failures, self._clocks.luck())
        self._failures += 1
        self._retry_s = self._clocks.monotonic() + delay_s
        self._say(Word("waiting", why, rollout))

    def give_up(self, why: str, rollout: str | None = None) -> None:
        """It is not done until somebody asks again, or it is time to ask the registry."""
        self._retry_s = self._clocks.monotonic() + (self._asking.policy.every_s or float("inf"))
        self._say(Word("failed", why, rollout))

    def note(self, word: Word) -> None:
        """It is not to be done."""
        self._word = word

    def forget(self) -> None:
        """It goes on, or something else is asked."""
        self._word, self._failures, self._retry_s = None, 0, self._clocks.monotonic()

    def is_waiting(self) -> bool:
        """Whether it is said that something is waited for."""
        return self._word is not None and self._word.phase == "waiting"

    def rest(self, ledger: Ledger, me: Self) -> None:
        """Says how it is: what is wrong, else how the newest update ended."""
        self._announcer.tell(self._word or resting(ledger, me.version, self._asking.followed(me)))

    def _say(self, word: Word) -> None:
        self._word = word
        self._announcer.tell(word)
