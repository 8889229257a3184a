"""What is asked for: found at the registry, fetched, and staged."""

from collections.abc import Callable
from dataclasses import replace

from sagui.device.errors import Cancelled, DistrustError, SourceAwayError, SourceError, StoreError, UpdateError
from sagui.device.store import Ledger, Store
from sagui.device.update import wishes
from sagui.device.update.announce import Announcer, Word
from sagui.device.update.asking import Asking, Trouble
from sagui.device.update.boot import Boot
from sagui.device.update.fetching import bring
from sagui.device.update.policy import Surroundings
from sagui.device.update.reach import Reach
from sagui.device.update.rules import Self, is_newer, refusal
from sagui.device.update.source import Candidate, Source
from sagui.device.update.wishes import Wish

FIRST_POLL_S = 60.0
"""The registry is asked for the first time within so long: a fleet may have got its power back at once."""

NO_SOURCE = "no registry of models is set; name one in the settings: [update] registry"
NO_BUNDLE = "the model of the settings is a plain TFLite file; only a bundle (.sagui) can be updated"

Progress = Callable[[Wish, Word], None]
"""Told how far it is; raises Cancelled to break off."""


class Seeking:
    """What is done while nothing is staged and nothing is on trial, tick by tick."""

    def __init__(
        self,
        boot: Boot,
        store: Store,
        source: Source | None,
        around: Surroundings,
        announcer: Announcer,
        asking: Asking,
        trouble: Trouble,
    ) -> None:
        self._boot, self._store, self._source, self._around = boot, store, source, around
        self._announcer, self._asking, self._trouble = announcer, asking, trouble
        self._reach = Reach(around.events)
        self._wish: Wish | None = None
        self._plans: Wish | None = None
        self._unmet = ""
        self._newest, self._distrusted = "", False
        clocks = around.clocks
        self._poll_s = clocks.monotonic() + FIRST_POLL_S * clocks.luck()

    @property
    def rollout(self) -> str | None:
        """Which rollout asks."""
        return self._wish.rollout if self._wish else None

    def seek(self, ledger: Ledger, me: Self, progress: Progress) -> None:
        """Does what is asked for, or says why not.

        Args:
            ledger: As it is now.
            me: The device.
            progress: Told how far it is.

        Raises:
            StoreError: The disk cannot be used.
        """
        asked = self._asking.wish(me)
        if asked is None or (asked.origin != "order" and asked.verdict != "install"):
            self._poll(me)
        wish = asked or self._newer(me)
        if wish != self._wish:
            if wish is not None or self._trouble.is_waiting():
                self._trouble.forget()
            self._wish = wish
            self._forget_order(wish)
        if wish is None:
            if self._trouble.is_waiting() and self._trouble.is_due():
                self._trouble.forget()
            self._trouble.rest(ledger, me)
        elif me.model is None:
            self._decline(replace(wish, verdict="nothing", reason=NO_BUNDLE), ledger, me)
        elif wish.verdict == "install":
            self._install(wish, ledger, me, progress)
        else:
            self._decline(wish, ledger, me)

    def _forget_order(self, wish: Wish | None) -> None:
        """An order that was refused is spoken of until there is another one, or a plan asks for something else."""
        if wish is None or wish == self._plans:
            return
        self._unmet = ""
        if wish.origin != "order":
            self._plans = wish

    def _decline(self, wish: Wish, ledger: Ledger, me: Self) -> None:
        word = _answer(wish, ledger, me)
        if wish.origin == "order":
            self._unmet = wish.reason
        elif self._unmet:
            # Phase and rollout are the plan's: whoever leads the rollout counts on them.
            word = replace(word, error=f"{self._unmet}; {word.error}" if word.error else self._unmet)
        self._trouble.note(word)
        self._asking.done(wish)
        self._trouble.rest(ledger, me)

    def _poll(self, me: Self) -> None:
        """Asks the registry now and then what it has."""
        every_s, clocks = self._asking.policy.every_s, self._around.clocks
        if self._source is None or me.model is None or not every_s or clocks.monotonic() < self._poll_s:
            return
        self._poll_s = clocks.monotonic() + every_s * (0.5 + clocks.luck())
        self._ask(self._source, me.model, me)

    def _newer(self, me: Self) -> Wish | None:
        """Gives what the newest version asks of a device that follows it."""
        policy = self._asking.policy
        if policy.follow != "latest" or not policy.every_s or not self._newest:
            return None
        return wishes.of_newest(self._newest, me, self._around.clocks.local())

    def _ask(self, source: Source, model: str, me: Self) -> None:
        try:
            self._newest = source.find(model, None).version
        except SourceError as error:
            self._reach.failed(error)
            if isinstance(error, DistrustError):
                self._distrusted = True
                self._trouble.note(Word("failed", str(error)))
            return
        self._answered()
        if self._distrusted:
            self._distrusted = False
            self._trouble.forget()
        self._hear_of(self._newest, me)

    def _answered(self) -> None:
        self._reach.answered()
        self._announcer.beware(None)

    def _hear_of(self, version: str, me: Self) -> None:
        if not refusal(version, Self(me.device, me.model, me.version)):
            self._announcer.heard_of(version)

    def _install(self, wish: Wish, ledger: Ledger, me: Self, progress: Progress) -> None:
        if not self._trouble.is_due():
            self._trouble.rest(ledger, me)
            return
        if self._source is None:
            self._fail(wish, NO_SOURCE)
            return
        try:
            self._fetch(self._source, wish, me, progress)
        except SourceAwayError as error:
            self._reach.failed(error, wish.version or "the newest")
            self._trouble.wait_for(str(error), wish.rollout)
        except StoreError:
            raise
        except Cancelled:
            self._trouble.rest(ledger, me)
        except UpdateError as error:
            self._fail(wish, str(error))

    def _fetch(self, source: Source, wish: Wish, me: Self, progress: Progress) -> None:
        self._announcer.tell(Word("announced", None, wish.rollout))
        candidate = source.find(me.model or "", wish.version)
        self._hear_of(candidate.version, me)
        if why_not := _why_not(candidate, wish, me):
            self._answered()
            self._fail(wish, why_not)
            return
        progress(wish, Word("downloading", None, wish.rollout, 0))
        bring(
            self._store,
            source,
            candidate,
            have=self._boot.path,
            told=lambda percent: progress(wish, Word("downloading", None, wish.rollout, percent)),
            origin=wish.origin,
            rollout=wish.rollout,
        )
        self._answered()
        self._trouble.forget()
        self._announcer.tell(Word("verified", None, wish.rollout))

    def _fail(self, wish: Wish, why: str) -> None:
        self._around.events.say("update-failed", f"the update was refused: {why}")
        self._asking.done(wish)
        if wish.origin == "order":
            self._unmet = why
        self._trouble.give_up(why, wish.rollout)


def _answer(wish: Wish, ledger: Ledger, me: Self) -> Word:
    """Says why nothing is done about a wish."""
    if wish.verdict == "wait":
        return Word("waiting", wish.reason, wish.rollout)
    outcome = ledger.outcome
    if outcome is not None and outcome.version == wish.version and outcome.phase != "confirmed":
        # Why it did not do is worth more than that it is not tried again.
        again = outcome.rollout == wish.rollout
        return Word(outcome.phase, outcome.error if again else f"{outcome.error}; {wish.reason}", wish.rollout)
    is_behind = wish.origin == "plan" and wish.version and me.version and is_newer(me.version, wish.version)
    return Word("idle" if is_behind else "failed", wish.reason, wish.rollout)


def _why_not(candidate: Candidate, wish: Wish, me: Self) -> str:
    if candidate.model != me.model or wish.version not in {None, candidate.version}:
        return f"the registry gave {candidate.model} {candidate.version} instead of what was asked for"
    if candidate.version == me.version:
        return f"{candidate.version}, the newest, is at work already"
    return refusal(candidate.version, me)
