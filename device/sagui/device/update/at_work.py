"""The agent at work, as an updater sees it: where a new model is tried, and how the present one does."""

import threading
from collections.abc import Sequence
from pathlib import Path

from sagui.bundle import BundleError, Manifest, read_bundle
from sagui.device.condition import Condition
from sagui.device.errors import Cancelled, UpdateError
from sagui.device.events import Events
from sagui.device.observers import Exchangeable, Sighting
from sagui.device.streams import Stream
from sagui.device.telemetry.measure import Meter
from sagui.device.update.fit import check_fit
from sagui.device.update.proving import Told
from sagui.device.update.shadow import Rivals, Slot, run_beside
from sagui.device.update.shadow_rules import DISAGREEMENT, FEWEST, Limits
from sagui.infer.errors import InferError
from sagui.infer.load import LoadedModel, load_model
from sagui.infer.runtimes.device import CPU, Device


class Workplace:
    """A `Proving`: tries a bundle beside the work, in the caller's thread.

    The agent's loop tells it of each frame, and is held up by nothing that happens here.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        device: Device,
        threads: int,
        events: Events,
        ending: threading.Event,
        frames: int,
        disagree: float = DISAGREEMENT,
    ) -> None:
        """Takes what is at work.

        Args:
            streams: Those that look with the model which updates concern; at least one.
            device: Where networks run.
            threads: CPU threads of each network.
            events: Told what a person should know.
            ending: Set when the agent is about to end.
            frames: On how many a new model is compared; 0 compares none. May be changed.
            disagree: Share of them that may get another label. Likewise.
        """
        self._streams, self._device, self._threads = tuple(streams), device, threads
        self._events, self._ending = events, ending
        self.frames, self.disagree = frames, disagree
        self._shape: tuple[int, int] | None = None
        self._slot = Exchangeable()

    def saw(self, sighting: Sighting) -> None:
        """See `Observer.saw`."""
        height, width = sighting.frame.photo.shape[:2]
        self._shape = (height, width)
        self._slot.saw(sighting)

    def prove(self, bundle: Path) -> None:
        """See `Proving.prove`.

        It runs once in a process of its own before it is loaded here: one that crashes the runtime costs nothing.
        """
        for note in check_fit(_manifest(bundle), self._model, self._pictures()):
            self._events.say("warning", note)
        if self._busy:
            text = "the Edge TPU is at work: golden frames are reproduced on the CPU now, and on it at the next start"
            self._events.say("warning", text)
        model = self._load(bundle, probe=True)
        try:
            model.prove()
        except InferError as error:
            raise UpdateError(str(error)) from error

    def shadow(self, bundle: Path, told: Told) -> None:
        """See `Proving.shadow`."""
        if not self.frames:
            return
        if self._ending.is_set():
            raise Cancelled("the agent ends")
        slot = Slot(self._model)
        limits = Limits(disagreement=self.disagree)
        rivals = Rivals(self._model, self._load(bundle, probe=False), same_place=not self._busy, limits=limits)
        self._slot.inner = slot
        try:
            found = run_beside(rivals, slot, max(self.frames, FEWEST), told, self._ending.wait)
        finally:
            self._slot.inner = None
        versions = f"{rivals.new.name} {rivals.new.version} beside {rivals.old.version}"
        self._events.say("shadow", f"{versions}: {found}", frames=found.frames, agreement=found.agreement)

    @property
    def _model(self) -> LoadedModel:
        return self._streams[0].model

    @property
    def _busy(self) -> bool:
        """Whether the model at work has a processor that takes no second one."""
        return self._model.delegate is not None and self._model.delegate.edgetpu

    def _load(self, bundle: Path, *, probe: bool) -> LoadedModel:
        try:
            return load_model(bundle, None, self._threads, CPU if self._busy else self._device, probe=probe)
        except (InferError, BundleError) as error:
            raise UpdateError(_without(bundle, error)) from error

    def _pictures(self) -> list[tuple[int, int]]:
        if self._shape is None:
            return []
        height, width = self._shape
        found = []
        for stream in self._streams:
            left, top, right, bottom = stream.region.pixels(width, height) if stream.region else (0, 0, width, height)
            found.append((bottom - top, right - left))
        return found


class Doing:
    """A `Health`: how the agent does with its model."""

    def __init__(self, meter: Meter, condition: Condition) -> None:
        """Looks at what is measured already."""
        self._meter, self._condition = meter, condition

    def frames(self) -> int:
        """See `Health.frames`."""
        return self._meter.read().frames

    def problem(self) -> str | None:
        """See `Health.problem`. A camera that is away is no fault of the model's; its frames are waited for."""
        return None if self._condition.camera_state == "away" else self._condition.problem


def _manifest(bundle: Path) -> Manifest:
    try:
        return read_bundle(bundle).manifest
    except BundleError as error:
        raise UpdateError(_without(bundle, error)) from error


def _without(bundle: Path, error: Exception) -> str:
    """The path of an object in the store says nothing to a person."""
    return str(error).removeprefix(f"{bundle}: ")
