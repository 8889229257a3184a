"""A staged model: proven, run beside the one at work, and put to work when it may be."""

from collections.abc import Callable

from sagui.device.errors import Cancelled, StoreError
from sagui.device.store import Ledger, Staged, Store
from sagui.device.store import ledger as ledgers
from sagui.device.update.announce import Announcer, Word
from sagui.device.update.asking import Asking, Trouble, Unwanted
from sagui.device.update.policy import Surroundings
from sagui.device.update.rules import Self, refusal
from sagui.errors import SaguiError

NO_PLAN = "waits for the plan of its group: the broker is away"


class Trying:
    """What is done with a staged model, tick by tick."""

    def __init__(
        self, store: Store, around: Surroundings, announcer: Announcer, asking: Asking, trouble: Trouble
    ) -> None:
        self._store, self._around, self._announcer = store, around, announcer
        self._asking, self._trouble = asking, trouble
        self._passed: str | None = None
        self._broken_off = False

    def is_replaced(self, staged: Staged, me: Self) -> bool:
        """Leaves a staged model that is not wanted any more, or where another version is ordered by now.

        Raises:
            StoreError: The disk cannot be used, here as below.
        """
        wish = self._asking.wish(me)
        other = wish is not None and wish.verdict == "install" and wish.version not in {None, staged.held.version}
        # What a person put there, only an order takes away.
        other = other and (staged.origin != "person" or (wish is not None and wish.origin == "order"))
        if self._asking.is_wanted(staged.origin, staged.rollout, me) is not False and not other:
            return False
        self._store.change(ledgers.drop_staged)
        self._store.sweep()
        self._passed, self._broken_off = None, False
        self._around.events.say("update-dropped", f"{staged.held.version} is not wanted any more")
        return True

    def forward(self, staged: Staged, me: Self, progress: Callable[[Word], None]) -> bool:
        """Tries it, or puts it to work if it did well and may be.

        Args:
            staged: From the ledger.
            me: The device.
            progress: Told how far it is; raises Cancelled to break off.

        Returns:
            Whether it was put to work: the agent is to start again.
        """
        self._announcer.heard_of(staged.held.version)
        if self._passed != staged.held.sha256:
            if not self._broken_off:
                self._try(staged, me, progress)
            return False
        if why := self._why_later(staged, me):
            self._announcer.tell(Word("waiting", why, staged.rollout))
            return False
        return self._trouble.is_due() and self._activate(staged)

    def _activate(self, staged: Staged) -> bool:
        if not self._store.is_whole(staged.held):
            self._passed = None
            self._store.change(ledgers.drop_staged)
            self._store.sweep()
            self._trouble.wait_for(f"the file of {staged.held.version} was spoilt on this disk", staged.rollout)
            return False
        self._announcer.tell(Word("activated", None, staged.rollout, 0))
        self._store.change(lambda now: ledgers.activate(now, staged.held))
        self._asking.settled(staged.held.version)
        return True

    def _why_later(self, staged: Staged, me: Self) -> str:
        if self._asking.is_wanted(staged.origin, staged.rollout, me) is None:
            return NO_PLAN
        return self._asking.why_later(staged.origin, staged.held.version, me)

    def _try(self, staged: Staged, me: Self, progress: Callable[[Word], None]) -> None:
        if not self._trouble.is_due():
            return
        if why_not := self._why_not(staged, me):
            self._leave(staged, me, why_not)
            return
        if staged.tries >= self._asking.policy.max_tries:
            self._refuse(staged, me, f"the agent ended {staged.tries} times while it was tried")
            return
        self._announcer.tell(Word("staged", None, staged.rollout))
        try:
            self._prove(staged, progress)
        except StoreError:
            raise
        except Cancelled as error:
            self._broken_off = not isinstance(error, Unwanted)
            self._store.change(ledgers.untry_staged)
            self._announcer.tell(Word("waiting", str(error), staged.rollout))
        except SaguiError as error:
            self._refuse(staged, me, str(error))
        else:
            self._passed = staged.held.sha256
            self._trouble.forget()

    def _prove(self, staged: Staged, progress: Callable[[Word], None]) -> None:
        bundle, proving, rollout = self._store.path(staged.held), self._around.proving, staged.rollout
        self._store.change(ledgers.try_staged)
        progress(Word("proving", None, rollout))
        proving.prove(bundle)
        if self._asking.policy.shadow_frames:
            self._store.change(ledgers.shadow_staged)
            progress(Word("shadow", None, rollout, 0))
            proving.shadow(bundle, lambda percent: progress(Word("shadow", None, rollout, percent)))

    def _why_not(self, staged: Staged, me: Self) -> str:
        if staged.held.model != me.model:
            return f"the settings' model is {me.model or 'a plain TFLite file'}, not {staged.held.model}"
        return refusal(staged.held.version, me)

    def _leave(self, staged: Staged, me: Self, why: str) -> None:
        """It is not even tried, and nothing is said against it."""
        ledger = self._store.change(ledgers.drop_staged)
        self._around.events.say("update-failed", f"{staged.held.model} {staged.held.version} is left: {why}")
        self._asking.settled(staged.held.version)
        self._trouble.forget()
        self._trouble.note(Word("failed", why, staged.rollout))
        self._trouble.rest(ledger, me)
        self._store.sweep()

    def _refuse(self, staged: Staged, me: Self, why: str) -> None:
        def rule(now: Ledger) -> Ledger:
            # Its file goes when another one is staged in its place, and then it could not be read.
            is_there = now.staged is not None and now.staged.held == staged.held
            return ledgers.refuse(now, staged.held, why, staged.rollout) if is_there else now

        ledger = self._store.change(rule)
        self._around.events.say("update-failed", f"{staged.held.model} {staged.held.version} did not do: {why}")
        self._asking.settled(staged.held.version)
        self._trouble.forget()
        self._trouble.rest(ledger, me)
        self._store.sweep()
