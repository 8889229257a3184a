"""What a station has to do with updates: which model it runs, what is said and heard of them, and their thread.

All that needs the packages of ``sagui[update]`` is loaded when the agent is at work; without them it runs its model.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sagui.device.commands import Ignored
from sagui.device.condition import Condition
from sagui.device.config.settings import Settings
from sagui.device.ending import Ending, in_words
from sagui.device.errors import CameraError, StoreError
from sagui.device.events import Events
from sagui.device.store import Ledger, Store, store_folder
from sagui.device.store.store import LEDGER
from sagui.device.streams import Stream
from sagui.device.telemetry.measure import Meter
from sagui.device.update.at_work import Doing, Workplace
from sagui.device.update.base import read_base
from sagui.device.update.boot import Base, Boot, begin, load_failed
from sagui.device.update.orders import parse_order, parse_plan
from sagui.device.update.said import LastWord
from sagui.device.update.trust import EXTRA
from sagui.device.voice import Line
from sagui.infer.runtimes.device import parse_device
from sagui.wire import UpdateState, encode, timestamp, topics

if TYPE_CHECKING:
    from sagui.device.update.updater import Updater

_STOP_SECONDS = 10.0
_WORDS_KEPT = 64


class Updates:
    """The updates of the settings' model. Streams with a model of their own keep it."""

    def __init__(self, line: Line, device: str, state: Path, ending: Ending, events: Events) -> None:
        """Looks at nothing yet.

        Args:
            line: Where it is said how updates get on, and heard what is asked.
            device: The name in the topics.
            state: The folder of what must outlive the agent.
            ending: Ends the agent, for another model to take over.
            events: Told of everything.
        """
        self._line, self._device, self._state = line, device, state
        self._ending, self._events = ending, events
        self._store = Store(store_folder(state), tell=partial(events.say, "warning"))
        self._last_word = LastWord(self._store.folder)
        self._boot: Boot | None = None
        self._updater: Updater | None = None
        self._words: deque[Callable[[Updater], None]] = deque(maxlen=_WORDS_KEPT)
        self._say_lacking: Callable[[], None] | None = None
        self._is_asked = False
        self._lock = threading.Lock()
        self._workplace: Workplace | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._heard: set[str] = set()
        self._told: set[str] = set()

    def choose(self, settings: Settings) -> Settings:
        """Gives the settings with the model that is to run: the store's, or the one that they name."""
        if settings.model is None or not self._has_ledger():
            return settings
        try:
            self._boot = begin(self._store, read_base(Path(settings.model)))
        except ModuleNotFoundError as error:
            text = f"the store of models needs {error.name}: {EXTRA}; the settings' model runs"
            self._events.say("warning", text)
            return settings
        for note in self._boot.notes:
            self._events.say("warning", note)
        if self._boot.held is None:
            return settings
        which = f"{self._boot.held.model} {self._boot.held.version}"
        trial = ", on trial" if self._boot.trial else ""
        self._events.say("model", f"{which} runs, in the place of {settings.model}{trial}", trial=self._boot.trial)
        return replace_model(settings, str(self._boot.path))

    def give_up(self, error: Exception) -> bool:
        """Goes back to the model before, if the one on trial is to blame; then the agent is to start again.

        Args:
            error: What the model did.
        """
        if self._boot is None or not self._boot.trial:
            return False
        why = f"it could not be used: {in_words(error)}"
        try:
            if self._store.ledger().trial is None:  # confirmed long ago
                return False
            load_failed(self._store, why)
        except StoreError as trouble:
            self._events.say("warning", str(trouble))
        self._events.say("update-restart", f"the agent starts again with the model before: {why}")
        self._ending.restart()
        return True

    def excuse(self, error: Exception) -> None:
        """Takes the count of this start back, if the model on trial is not to blame for its end: the camera is gone.

        Args:
            error: What ended it.
        """
        if self._boot is None or not self._boot.trial or not isinstance(error, CameraError):
            return
        try:
            self._store.change(uncounted)
        except StoreError as trouble:
            self._events.say("warning", str(trouble))

    def attach(self, settings: Settings, streams: Sequence[Stream]) -> Workplace | None:
        """Takes the model that is loaded; gives the `Observer` that new ones are tried with.

        Args:
            settings: Those of a person, with the model that they name.
            streams: What looks.
        """
        ours = our_streams(settings, streams)
        if not ours or settings.model is None:
            return None
        if self._boot is None:
            model = ours[0].model
            known = (None, None) if model.proof is None else (model.name, model.version)
            self._boot = Boot(Base(Path(settings.model), *known), None, Path(settings.model))
        device, update = parse_device(settings.delegate), settings.update
        self._workplace = Workplace(
            ours, device, settings.threads, self._events, self._stop, update.shadow_frames, update.disagree
        )
        return self._workplace

    def start(self, settings: Settings, meter: Meter, condition: Condition) -> None:
        """Begins to hear, and to work in a thread of its own: the model is at work, or about to be.

        Args:
            settings: See `attach`.
            meter: Counts frames.
            condition: Knows what is wrong.
        """
        if self._workplace is None or self._boot is None:
            self._say_idle(settings, None)
            return
        make = partial(self._make, settings, self._boot, self._workplace, Doing(meter, condition))
        self._line.subscribe(topics.update_set(self._device), self._hear_order)
        self._listen(settings)
        # What an updater needs takes its time to load: the first frame does not wait for it.
        self._thread = threading.Thread(target=self._run, args=(settings, make), name="updates", daemon=True)
        self._thread.start()

    def apply(self, settings: Settings) -> None:
        """Follows new settings."""
        if self._workplace is None:
            return
        self._workplace.frames, self._workplace.disagree = settings.update.shadow_frames, settings.update.disagree
        self._leave(partial(_follow, settings))
        self._listen(settings)

    def stop(self) -> None:
        """Ends the thread; what was under way goes on at the next start. Called twice, it does nothing more."""
        self._stop.set()
        with self._lock:
            if self._updater:
                self._updater.stop()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(_STOP_SECONDS)
        self._last_word.close()

    def _has_ledger(self) -> bool:
        """Whether there ever was an update; where there was none, nothing is read but this."""
        try:
            return (self._store.folder / LEDGER).exists()
        except OSError as error:
            self._events.say("warning", f"{self._store.folder}: {error.strerror}; the settings' model runs")
            return False

    def _run(self, settings: Settings, make: "Callable[[], Updater]") -> None:
        try:
            updater = make()
        except ModuleNotFoundError as error:
            why = f"updates need {error.name}: {EXTRA}"
            self._say_lacking = partial(self._say_idle, settings, why)
            if settings.update.registry:
                self._events.say("warning", why)
            self._say_idle(settings, why if settings.update.registry or self._is_asked else None)
            return
        with self._lock:
            self._updater = updater
            for word in self._words:
                word(updater)
            self._words.clear()
        updater.run(self._stop)

    def _leave(self, word: "Callable[[Updater], None]") -> None:
        """Tells the updater, as soon as there is one."""
        with self._lock:
            if self._updater is None:
                self._words.append(word)
            else:
                word(self._updater)

    def _make(self, settings: Settings, boot: Boot, workplace: Workplace, doing: Doing) -> "Updater":
        from sagui.device.update.plan import policy, registry, trouble
        from sagui.device.update.policy import Surroundings
        from sagui.device.update.updater import Updater

        around = Surroundings(workplace, doing, self._say, self._ending.restart, self._events)
        source = registry(settings, self._state)
        updater = Updater(self._device, policy(settings), boot, self._store, source, around)
        if why := trouble(settings, source):
            self._events.say("warning", f"no update can be had: {why}")
            updater.beware(why)
        return updater

    def _listen(self, settings: Settings) -> None:
        for group in settings.update.groups:
            topic = topics.desired(group)
            if topic not in self._heard:
                self._heard.add(topic)
                self._line.subscribe(topic, partial(self._hear_plan, group))

    def _hear_order(self, _topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (as `Handler`)
        asked = parse_order(payload, retained=retained)
        if isinstance(asked, Ignored):
            self._ignore("an order about the model", asked)
            return
        version = f" {asked.version}" if asked.version else ""
        self._events.say("update-order", f"ordered: {asked.order}{version}", order=asked.order, id=asked.id)
        self._ask(lambda updater: updater.take_order(asked))

    def _hear_plan(self, group: str, _topic: str, payload: bytes, _retained: bool) -> None:  # noqa: FBT001 (likewise)
        plan = parse_plan(payload)
        if isinstance(plan, Ignored):
            # Whoever wrote it, the one before is what its group was asked for last.
            self._ignore(f"a plan of group {group}", plan)
            return
        if plan is None:
            self._leave(lambda updater: updater.take_plan(group, None))
        else:
            self._ask(lambda updater: updater.take_plan(group, plan))

    def _ask(self, word: "Callable[[Updater], None]") -> None:
        """Tells the updater what is asked for; or says why there is none."""
        self._is_asked = True
        if self._say_lacking:
            self._say_lacking()
        else:
            self._leave(word)

    def _ignore(self, what: str, ignored: Ignored) -> None:
        if f"{what} {ignored.reason}" in self._told:
            return
        self._told.add(f"{what} {ignored.reason}")
        text = f"{what} is ignored: {ignored.text} (said once; more of the kind are ignored, too)"
        self._events.say("update-ignored", text, reason=ignored.reason)

    def _say(self, state: UpdateState) -> None:
        self._line.retain(topics.update_state(self._device), encode(state))
        try:
            self._last_word.keep(state)
        except OSError as error:
            text = f"{self._store.folder}: {error.strerror}; `sagui update status` knows only how updates ended"
            if text not in self._told:
                self._told.add(text)
                self._events.say("warning", text)

    def _say_idle(self, settings: Settings, error: str | None) -> None:
        boot = self._boot
        state = UpdateState(
            time=timestamp(time.time()),
            model=boot.model if boot else None,
            installed_version=boot.version if boot else None,
            latest_version=boot.version if boot else None,
            in_progress=False,
            phase="idle",
            error=error,
            groups=settings.update.groups,
            pinned=settings.update.pin,
        )
        self._say(state)


def _follow(settings: Settings, updater: "Updater") -> None:
    from sagui.device.update.plan import policy

    updater.follow(policy(settings))


def uncounted(ledger: Ledger) -> Ledger:
    """Gives a ledger as if the model on trial had been started once less."""
    trial = ledger.trial
    if trial is None:
        return ledger
    fewer = msgspec.structs.replace(trial, starts=max(0, trial.starts - 1))
    return msgspec.structs.replace(ledger, trial=fewer)


def replace_model(settings: Settings, path: str) -> Settings:
    """Gives settings whose model is another file; streams with a model of their own keep it."""
    return msgspec.structs.replace(settings, model=path)


def our_streams(settings: Settings, streams: Sequence[Stream]) -> list[Stream]:
    """Gives the streams that look with the settings' model."""
    if not settings.stream:
        return list(streams)
    return [stream for stream, wanted in zip(streams, settings.stream, strict=True) if wanted.model is None]
