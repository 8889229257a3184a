"""An updater on a desk: the real store and the real rules, with models, frames and clocks that a test chooses."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from typing import Any

from tests.torture.device import MODEL, make_bundle, plan_for

from sagui.device.errors import SourceError
from sagui.device.store import Ledger, Store
from sagui.device.update.boot import Base, Boot, begin
from sagui.device.update.fetching import bring
from sagui.device.update.folder_source import FolderSource
from sagui.device.update.policy import Clocks, Policy, Surroundings
from sagui.device.update.proving import Told
from sagui.device.update.source import Candidate, Progress
from sagui.device.update.updater import Updater
from sagui.wire import Desired, UpdateOrder, UpdateState

POLICY = Policy(dwell_s=3.0, least_frames=3, shadow_frames=4, every_s=3600.0)


@dataclass
class Rig:
    """A device, tick by tick.

    Attributes:
        folder: All of it is below.
        policy: What the settings say.
        settings: The version of the settings' model; None has a plain TFLite file.
        has_source: Whether a registry is set.
        proving: Called with a bundle when it is proven; raises what is wrong with it.
        shadowing: Likewise for the comparison, with whom to tell how far it is.
        problem: What is wrong with the work.
        trouble: Raised by the registry instead of an answer.
        frames_per_tick: How fast it works.
        local: The time of day.
    """

    folder: Path
    policy: Policy = POLICY
    settings: str | None = "1.0.0"
    has_source: bool = True
    proving: Callable[[Path], None] = lambda _bundle: None
    shadowing: Callable[[Path, Told], None] = lambda _bundle, _told: None
    problem_now: str | None = None
    trouble: SourceError | None = None
    frames_per_tick: int = 1
    local: time = time(12)
    luck: float = 0.0
    said: list[UpdateState] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    plans: dict[str, Desired | None] = field(default_factory=dict)
    now_s: float = 1000.0
    counted: int = 0
    again: bool = False

    def __post_init__(self) -> None:
        (self.folder / "registry").mkdir(parents=True)
        self.publish("1.0.0", "1.1.0")
        self.store = Store(self.folder / "models")
        self.start()

    def publish(self, *versions: str, model: str = MODEL) -> None:
        for version in versions:
            (self.folder / "registry" / f"{model}-{version}.sagui").write_bytes(make_bundle(version, model))

    @property
    def base(self) -> Base:
        path = self.folder / "registry" / f"{MODEL}-{self.settings}.sagui"
        return Base(path, MODEL, self.settings) if self.settings else Base(self.folder / "x.tflite", None, None)

    def start(self) -> Boot:
        """Starts the agent, for the first time or again."""
        self.again, self.counted = False, 0
        self.boot = begin(self.store, self.base, self.policy.max_starts)
        clocks = Clocks(lambda: self.now_s, lambda: self.local, lambda: 1.8e9, lambda: self.luck)
        around = Surroundings(self, self, self.said.append, self._restart, self, clocks)
        source = self if self.has_source else None
        self.updater = Updater("porch", self.policy, self.boot, self.store, source, around)
        for group, plan in self.plans.items():
            self.updater.take_plan(group, plan)
        return self.boot

    def tick(self, times: int = 1, step_s: float = 1.0) -> UpdateState:
        """Lets time pass; an agent that asks for it is started again."""
        for _ in range(times):
            self.updater.tick()
            self.now_s += step_s
            self.counted += self.frames_per_tick
            if self.again:
                self.start()
        return self.said[-1]

    def plan(self, version: str = "1.1.0", group: str = "all", **changes: Any) -> None:
        """Has a plan come in over the broker."""
        import msgspec

        self.plans[group] = msgspec.structs.replace(plan_for(version), **changes)
        self.updater.take_plan(group, self.plans[group])

    def follow(self, **changes: Any) -> None:
        """Changes the settings."""
        self.policy = replace(self.policy, **changes)
        self.updater.follow(self.policy)

    def phases(self) -> list[str]:
        """What was said, each phase once in a row."""
        return [
            one.phase for number, one in enumerate(self.said) if not number or self.said[number - 1].phase != one.phase
        ]

    @property
    def ledger(self) -> Ledger:
        return self.store.ledger()

    def prove(self, bundle: Path) -> None:
        self.proving(bundle)

    def shadow(self, bundle: Path, told: Told) -> None:
        self.shadowing(bundle, told)

    def frames(self) -> int:
        return self.counted

    def problem(self) -> str | None:
        return self.problem_now

    def say(self, event: str, text: str, **_fields: object) -> None:
        self.events.append((event, text))

    def find(self, model: str, version: str | None) -> Candidate:
        self.asked.append(self.now_s)
        if self.trouble:
            raise self.trouble
        return self._source.find(model, version)

    def fetch(self, candidate: Candidate, to: Path, have: Path | None, progress: Progress) -> None:
        self.fetched.append(candidate.version)
        self._source.fetch(candidate, to, have, progress)

    @property
    def _source(self) -> FolderSource:
        return FolderSource(self.folder / "registry", chunk_bytes=1024)

    def _restart(self) -> None:
        self.again = True


def raising(error: BaseException) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail


def order(what: str = "install", version: str | None = None) -> UpdateOrder:
    return UpdateOrder(order=what, version=version)  # type: ignore[arg-type]


def stage(rig: Rig, version: str) -> None:
    """What `sagui update install` does beside the agent."""
    bring(rig.store, rig, rig.find("pets", version), have=None, told=lambda _percent: None, origin="person")
