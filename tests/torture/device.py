"""A device that is nothing but its updates: one life of it, from start to end, in a process of its own.

The store, the updater and what begins a start are the real ones. The camera and the network are left out: frames are
counted, and what a model does is told by its version.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import time
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from sagui.bundle import Manifest, encode_bundle, encode_golden, measure, read_bundle
from sagui.bundle.golden import Golden
from sagui.bundle.manifest import Decision, GoldenSpec, InputSpec, Metrics, OutputSpec, Quantization, Training
from sagui.device.errors import StoreError, UpdateError
from sagui.device.store import Store
from sagui.device.store.filesystem import Filesystem
from sagui.device.store.hazards import Hazard
from sagui.device.update.boot import Base, Boot, begin, load_failed
from sagui.device.update.fetching import bring
from sagui.device.update.folder_source import FolderSource
from sagui.device.update.policy import Clocks, Policy, Surroundings
from sagui.device.update.proving import Told
from sagui.device.update.source import Source
from sagui.device.update.updater import Updater
from sagui.wire import Desired, UpdateState

ENDED, AGAIN, TIRED, CRASHED = 0, 3, 4, 5
"""How a life ends: with nothing left to do, to be started again, with something left to do, or by the model."""

LONGEST_TICKS = 400
LONGEST_TRIES = 50
CHUNK_BYTES = 1024

POLICY = Policy(dwell_s=3.0, least_frames=3, shadow_frames=4)
MODEL = "pets"


@dataclass(frozen=True)
class World:
    """Where a device lives.

    Attributes:
        folder: All that a life leaves to the next one is below.
        models: The settings' model, and the registry; it does not change.
        settings: The version of the settings' model.
        old: The version at work at first.
        new: The version that it is asked to take.
        person: Whether a person installs it on the device; otherwise a plan asks for it.
        crashes: Whether the new one takes the process with it whenever it is loaded.
        deadly: Whether it does so when it is proven.
        unloadable: Whether it cannot be loaded.
        unfit: Whether it does not pass its comparison.
        ill: Whether it is not well when it is at work.
        jump_s: By so much the wall clock jumps between any two looks at it, there and back.
    """

    folder: Path
    models: Path
    settings: str = "1.0.0"
    old: str = "1.0.0"
    new: str = "1.1.0"
    person: bool = False
    crashes: bool = False
    deadly: bool = False
    unloadable: bool = False
    unfit: bool = False
    ill: bool = False
    jump_s: float = 0.0

    @property
    def base(self) -> Base:
        """The settings' model."""
        return Base(self.bundle(self.settings), MODEL, self.settings)

    @property
    def store(self) -> Path:
        """The folder of the device's store."""
        return self.folder / "models"

    def bundle(self, version: str) -> Path:
        """Names a version's bundle in the registry."""
        return self.models / f"{MODEL}-{version}.sagui"

    def said(self) -> list[UpdateState]:
        """All that the device ever said."""
        return [msgspec.json.decode(line, type=UpdateState) for line in _lines(self.folder / "said")]

    def ran(self) -> list[tuple[str, str]]:
        """What every life had at work: the version and the SHA-256 of the file."""
        return [msgspec.json.decode(line, type=tuple[str, str]) for line in _lines(self.folder / "ran")]


def make_bundle(version: str, name: str = MODEL) -> bytes:
    """Makes a small bundle that is one in every respect but that no runtime could run its network."""
    rng = np.random.default_rng(sum(map(ord, version)))
    golden = Golden(rng.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8), rng.integers(0, 256, (2, 2), dtype=np.uint8))
    truth = np.array([0, 1])
    score = measure(truth, truth, ("cat", "dog"))
    manifest = Manifest(
        name=name,
        version=version,
        created="2026-11-21T00:00:00Z",
        labels=("cat", "dog"),
        input=InputSpec(height=4, width=4),
        output=OutputSpec(),
        decision=Decision(),
        quantization=Quantization(mode="int8"),
        metrics=Metrics(float=score, exported=score),
        training=Training(
            backbone="none",
            weights="none",
            dataset="none",
            dataset_fingerprint="0" * 64,
            recipe_digest="0" * 64,
            versions={},
        ),
        golden=GoldenSpec(count=2, tolerance=0, unit="steps"),
    )
    entries = {"model.tflite": rng.bytes(1500), "golden.npz": encode_golden(golden)}
    entries |= dict.fromkeys(("report.json", "report.html", "README.md"), b"{}")
    return encode_bundle(manifest, entries)


def plan_for(version: str) -> Desired:
    """The plan that asks every device for a version."""
    moment = "2026-11-21T00:00:00.000Z"
    return Desired(
        id="r1",
        revision=1,
        operator="torture",
        time=moment,
        model=MODEL,
        version=version,
        status="running",
        share=1.0,
        wave=0,
        waves=(1.0,),
        since=moment,
        success=1.0,
        error=0.0,
        dwell_s=1.0,
        timeout_s=600.0,
    )


@dataclass
class _Frames:
    """Stands for the work, and for the agent's tests of a model."""

    world: World
    boot: Boot
    ticks: int = 0
    looks: int = 0

    def frames(self) -> int:
        return self.ticks

    def problem(self) -> str | None:
        return "it sees nothing" if self.world.ill and self.boot.version == self.world.new else None

    def prove(self, bundle: Path) -> None:
        manifest = read_bundle(bundle).manifest
        if manifest.name != MODEL:
            raise UpdateError("another model")
        if self.world.deadly and manifest.version == self.world.new:
            os._exit(CRASHED)

    def shadow(self, bundle: Path, told: Told) -> None:
        for frame in range(POLICY.shadow_frames):
            told(100 * frame // POLICY.shadow_frames)
        if self.world.unfit and read_bundle(bundle).manifest.version == self.world.new:
            raise UpdateError("it disagrees with the model at work")

    def monotonic(self) -> float:
        return 1000.0 + self.ticks

    def unix(self) -> float:
        self.looks += 1
        return 1.8e9 + (self.world.jump_s if self.looks % 2 else -self.world.jump_s)

    def local(self) -> time:
        self.looks += 1
        return time(self.looks % 24)


@dataclass
class Life:
    """One start of the device.

    Attributes:
        world: Where.
        files: The disk.
        hazard: What happens to the network.
        stop_at: The device is stopped cleanly when it says something for this time, from 0; None does not.
        source: Where models come from; by default the world's folder of them.
        spoke: Called when it said something.
    """

    world: World
    files: Filesystem
    hazard: Hazard
    stop_at: int | None = None
    source: Callable[["Life"], Source] | None = None
    spoke: Callable[[], None] = lambda: None
    _again: bool = False
    _said: list[UpdateState] = field(default_factory=list)

    def live(self) -> int:
        """Begins, works, and ends; gives how."""
        world = self.world
        store = Store(world.store, self.files)
        if not self._is_asked(store):
            return TIRED
        boot = begin(store, world.base)
        try:
            self._load(boot)
        except UpdateError as error:
            if not boot.trial:
                raise
            with suppress(StoreError):  # the next start goes back then
                load_failed(store, str(error))
            return AGAIN
        return self._work(boot, store)

    def _is_asked(self, store: Store) -> bool:
        """Has a person install it on the device, who does it again if it was interrupted; gives whether it is done."""
        asked = self.world.folder / "asked"
        if not self.world.person or asked.exists():
            return True
        source = self._find_source()
        for _ in range(LONGEST_TRIES):
            with suppress(UpdateError):
                bring(store, source, source.find(MODEL, self.world.new), have=None, told=_ignore, origin="person")
                asked.touch()
                return True
        return False

    def _find_source(self) -> Source:
        return (
            self.source(self) if self.source else FolderSource(self.world.models, self.files, self.hazard, CHUNK_BYTES)
        )

    def _load(self, boot: Boot) -> None:
        content = boot.path.read_bytes()
        _note(self.world.folder / "ran", msgspec.json.encode((boot.version, sha256(content).hexdigest())))
        is_new = boot.version == self.world.new
        if is_new and self.world.crashes:
            os._exit(CRASHED)
        if is_new and self.world.unloadable:
            raise UpdateError("it cannot be loaded")

    def _work(self, boot: Boot, store: Store) -> int:
        frames = _Frames(self.world, boot)
        source = self._find_source()
        around = Surroundings(frames, frames, self._say, self._restart, _Silent(), self._clocks(frames))
        self._updater = Updater("porch", POLICY, boot, store, source, around)
        self._updater.take_plan("all", None if self.world.person else plan_for(self.world.new))
        quiet = 0
        for _ in range(LONGEST_TICKS):
            before = len(self._said)
            self._updater.tick()
            frames.ticks += 1
            if self._again:
                return AGAIN
            quiet = quiet + 1 if len(self._said) == before and self._is_done() else 0
            if quiet > 2:
                return ENDED
        return TIRED

    def _is_done(self) -> bool:
        return bool(self._said) and self._said[-1].phase in {"confirmed", "reverted", "failed"}

    def _clocks(self, frames: _Frames) -> Clocks:
        return Clocks(frames.monotonic, frames.local, frames.unix, lambda: 0.0)

    def _restart(self) -> None:
        self._again = True

    def _say(self, state: UpdateState) -> None:
        self._said.append(state)
        self.spoke()
        _note(self.world.folder / "said", msgspec.json.encode(state))
        if self.stop_at is not None and len(self._said) == self.stop_at + 1:
            self._updater.stop()
            self._again = True


class _Silent:
    def say(self, event: str, text: str, **fields: object) -> None:
        """Nobody listens."""


def _ignore(_percent: int) -> None:
    """Nobody is told."""


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def _note(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line + b"\n")
    os.close(descriptor)
