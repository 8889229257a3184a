"""The life of an update: asked for, fetched, checked, tried, put to work, and confirmed or taken back.

All that must outlive the process is in the store's ledger, and each tick begins by reading it: a process that ends
anywhere is followed by one that goes on from there. What is in memory only are words to be said, and waits.
"""

import threading

from sagui.device.errors import Cancelled, StoreError
from sagui.device.store import Ledger, Origin, Store
from sagui.device.store import ledger as ledgers
from sagui.device.update import trial, wishes
from sagui.device.update.announce import Announcer, Word
from sagui.device.update.asking import Asking, Trouble, Unwanted
from sagui.device.update.boot import Boot, choose
from sagui.device.update.inbox import Inbox
from sagui.device.update.policy import Policy, Surroundings
from sagui.device.update.rules import TAKEN_BACK, Self
from sagui.device.update.seeking import Seeking
from sagui.device.update.source import Source
from sagui.device.update.trying import Trying
from sagui.wire import Desired, UpdateOrder

TICK_S = 1.0

_LOST = "the models could not be read or written at the start"


class Updater:
    """Takes one device's model from version to version. One thread runs it; any thread may leave word with it."""

    def __init__(
        self, device: str, policy: Policy, boot: Boot, store: Store, source: Source | None, around: Surroundings
    ) -> None:
        """Has done nothing yet; to be made when the model is at work.

        Args:
            device: The name in the topics.
            policy: What the settings say.
            boot: What `sagui.device.update.boot.begin` gave; it is at work now.
            store: Where models are kept.
            source: Where they come from; None installs only what was staged by a person on the device.
            around: The agent.
        """
        self._device, self._boot, self._store, self._around = device, boot, store, around
        clocks = around.clocks
        self._inbox = Inbox()
        self._asking = Asking(self._inbox, policy, clocks)
        self._announcer = Announcer(boot, policy, around.say, clocks)
        self._trouble = Trouble(self._announcer, self._asking, clocks)
        self._seeking = Seeking(boot, store, source, around, self._announcer, self._asking, self._trouble)
        self._trying = Trying(store, around, self._announcer, self._asking, self._trouble)
        self._stopping, self._over = threading.Event(), False
        self._watch: trial.Watch | None = None

    def take_plan(self, group: str, plan: Desired | None) -> None:
        """Leaves word of a group's plan; None where the broker has none."""
        self._inbox.take_plan(group, plan)

    def take_order(self, order: UpdateOrder) -> None:
        """Leaves word of an order."""
        self._inbox.take_order(order)

    def follow(self, policy: Policy) -> None:
        """Follows other settings from the next tick on."""
        self._asking.policy = self._announcer.policy = policy

    def beware(self, why: str) -> None:
        """Is told, before the first tick, what stands in the way of every update until the registry answers."""
        self._announcer.beware(why)

    def repeat(self) -> None:
        """Says the state again; nothing before the first tick."""
        self._announcer.repeat()

    def stop(self) -> None:
        """Breaks off what is under way, as soon as it says how far it is."""
        self._stopping.set()

    def run(self, stop: threading.Event) -> None:
        """Ticks until it is stopped: the work of the updater's own thread."""
        while not stop.is_set() and not self._stopping.is_set():
            self.tick()
            stop.wait(TICK_S)

    def tick(self) -> None:
        """Does what is to be done now; blocks as long as a download or a comparison takes. Never raises."""
        if self._over or self._stopping.is_set():
            return
        try:
            self._step(self._store.ledger())
        except StoreError as error:
            self._trouble.wait_for(str(error), self._seeking.rollout)
        except Exception as error:  # noqa: BLE001 (the device keeps its model, and the updater its thread)
            why = f"{type(error).__name__}: {error}"
            self._around.events.say("update-fault", f"the update failed: {why}")
            self._trouble.wait_for(why, self._seeking.rollout)

    def _step(self, ledger: Ledger) -> None:
        me = self._me(ledger)
        if self._is_astray(ledger) or self._went_back(ledger, me):
            return
        if self._boot.trial and ledger.trial:
            self._judge(ledger.trial.rollout, me)
        elif ledger.staged and not self._trying.is_replaced(ledger.staged, me):
            staged = ledger.staged
            if self._trying.forward(staged, me, lambda word: self._told(staged.origin, me, word)):
                self._restart(f"{staged.held.version} is put to work, on trial")
        else:
            self._seeking.seek(self._store.ledger(), me, lambda wish, word: self._told(wish.origin, me, word))

    def _me(self, ledger: Ledger) -> Self:
        boot, policy = self._boot, self._asking.policy
        previous = None
        if boot.held is not None:
            previous = ledger.previous.version if ledger.previous else boot.base.version
        failed, back = wishes.not_again(ledger, boot.model)
        return Self(self._device, boot.model, boot.version, previous, failed, policy.pinned, policy.window, back)

    def _is_astray(self, ledger: Ledger) -> bool:
        """Starts again where something else is at work than the ledger says: a person changed it, or it was away."""
        wanted = choose(ledger, self._boot.base)
        if wanted == self._boot.held:
            return False
        if not self._boot.stale:
            self._restart("another model is to be at work")
        elif self._trouble.is_due():
            if self._store.is_writable() and (wanted is None or self._store.is_whole(wanted)):
                self._restart("models can be read and written again")
            else:
                self._trouble.wait_for(_LOST)
        return True

    def _went_back(self, ledger: Ledger, me: Self) -> bool:
        """Goes back to the model before, if an order or a plan says so."""
        wish = self._asking.wish(me)
        if wish is None or wish.verdict != "revert" or ledger.current is None:
            return False
        by = f"rollout {wish.rollout}" if wish.rollout else "an order"
        self._store.change(lambda now: ledgers.revert(now, f"{TAKEN_BACK} {by}", wish.rollout))
        self._asking.done(wish)
        self._restart(f"{me.version} was {TAKEN_BACK} {by}")
        return True

    def _judge(self, rollout: str | None, me: Self) -> None:
        """Looks how the model on trial does."""
        now_s, health = self._around.clocks.monotonic(), self._around.health
        problem = health.problem()
        self._watch = trial.look(self._watch or trial.Watch(now_s), now_s, problem)
        judgement = trial.judge(self._watch, now_s, health.frames(), problem, self._asking.policy)
        if judgement.verdict == "go on":
            self._announcer.tell(Word("activated", judgement.reason or None, rollout, judgement.percent))
        elif not self._trouble.is_due():
            return  # it could not be written down a moment ago
        elif judgement.verdict == "confirm":
            ledger = self._store.change(ledgers.confirm)
            self._around.events.say("update-confirmed", f"{me.model} {me.version} is confirmed")
            self._trouble.forget()
            self._trouble.rest(ledger, me)
            self._store.sweep()
        else:
            self._store.change(lambda now: ledgers.revert(now, judgement.reason))
            self._restart(f"{me.version} is reverted: {judgement.reason}")

    def _told(self, origin: Origin, me: Self, word: Word) -> None:
        """Says how far it is, and breaks off what nobody wants any more."""
        if self._stopping.is_set():
            raise Cancelled("the agent ends; it goes on at the next start")
        if self._asking.is_wanted(origin, word.rollout, me) is False:
            raise Unwanted("the rollout was stopped")
        self._announcer.tell(word)

    def _restart(self, why: str) -> None:
        self._over = True
        self._around.events.say("update-restart", f"the agent starts again: {why}")
        self._around.restart()
