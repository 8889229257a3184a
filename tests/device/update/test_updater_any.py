"""Whatever is asked, said, broken and switched off, in any order: what an updater never does."""

import tempfile
from collections.abc import Callable
from datetime import time
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.device.update.rig import Rig

from sagui.device.errors import DistrustError, SourceAwayError, SourceError, UpdateError
from sagui.device.store import ledger as ledgers
from sagui.device.update.fetching import bring
from sagui.device.update.rules import Window, is_newer
from sagui.wire import UpdateOrder, UpdateState, decode, encode

VERSIONS = st.sampled_from(["0.9.0", "1.0.0", "1.1.0", "1.2.0", "1.3.0", "9.9.9"])
TROUBLES: tuple[SourceError | None, ...] = (None, None, SourceAwayError("away"), DistrustError("forged"))


def refuses(*unfit: str) -> Callable[[Path], None]:
    def prove(bundle: Path) -> None:
        from sagui.bundle import read_bundle

        if read_bundle(bundle).manifest.version in unfit:
            raise UpdateError("it does not do")

    return prove


class AnyLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.rig = Rig(Path(self._folder.name))
        self.rig.publish("0.9.0", "1.2.0", "1.3.0")
        self.rig.proving = refuses("1.2.0")
        self.ran = self.rig.boot.version
        self.at_work = {"1.0.0"}

    def teardown(self) -> None:
        self._folder.cleanup()

    @rule(times=st.integers(1, 12))
    def time_passes(self, times: int) -> None:
        for _ in range(times):
            self.rig.tick()
            self.at_work.add(self.rig.boot.version or "")

    @rule(
        version=VERSIONS,
        status=st.sampled_from(["running", "running", "paused", "halted", "done"]),
        action=st.sampled_from(["install", "install", "revert"]),
        revision=st.integers(1, 3),
        share=st.sampled_from([0.0, 1.0, 1.0]),
    )
    def a_plan_comes(self, version: str, status: str, action: str, revision: int, share: float) -> None:
        self.rig.plan(version, id=f"r{revision}", status=status, action=action, revision=revision, share=share)

    @rule()
    def the_plan_goes(self) -> None:
        self.rig.plans["all"] = None
        self.rig.updater.take_plan("all", None)

    @rule(version=st.none() | VERSIONS, what=st.sampled_from(["install", "install", "revert"]))
    def an_order_comes(self, version: str | None, what: str) -> None:
        self.rig.updater.take_order(UpdateOrder(order=what, version=version))  # type: ignore[arg-type]

    @rule(version=st.sampled_from(["0.9.0", "1.1.0", "1.2.0", "1.3.0"]))
    def a_person_stages(self, version: str) -> None:
        source = self.rig._source
        candidate = source.find("pets", version)
        bring(self.rig.store, source, candidate, have=None, told=lambda _percent: None, origin="person")

    @rule()
    def a_person_goes_back(self) -> None:
        self.rig.store.change(lambda ledger: ledgers.revert(ledger, "a person did not like it"))
        self.rig.tick()

    @rule(problem=st.sampled_from([None, None, "no frames"]), frames=st.integers(0, 2))
    def the_work_goes(self, problem: str | None, frames: int) -> None:
        self.rig.problem_now, self.rig.frames_per_tick = problem, frames

    @rule(trouble=st.sampled_from(TROUBLES))
    def the_registry_is(self, trouble: SourceError | None) -> None:
        self.rig.trouble = trouble

    @rule(
        pinned=st.booleans(),
        hour=st.integers(0, 23),
        windowed=st.booleans(),
        follow=st.sampled_from(["plan", "latest"]),
    )
    def a_person_sets(self, pinned: bool, hour: int, windowed: bool, follow: str) -> None:  # noqa: FBT001 (drawn by name)
        self.rig.local = time(hour)
        self.rig.follow(pinned=pinned, window=Window(time(22), time(6)) if windowed else None, follow=follow)

    @rule()
    def the_agent_starts_again(self) -> None:
        self.rig.start()

    @invariant()
    def what_did_not_do_is_not_at_work(self) -> None:
        assert self.rig.boot.version not in self.rig.ledger.failed_versions("pets")
        assert "1.2.0" not in self.at_work, "it was never proven"
        assert "0.9.0" not in self.at_work, "nothing goes back but a revert"

    @invariant()
    def a_device_that_changes_goes_forward_or_back_where_it_was(self) -> None:
        version = self.rig.boot.version or ""
        if version != self.ran:
            assert is_newer(version, self.ran or "") or version in self.at_work
        self.ran = version

    @invariant()
    def all_that_is_in_the_ledger_is_whole(self) -> None:
        ledger = self.rig.ledger
        for held in (ledger.current, ledger.previous, ledger.staged.held if ledger.staged else None):
            assert held is None or self.rig.store.is_whole(held)

    @invariant()
    def nothing_breaks_and_all_that_is_said_can_be_read(self) -> None:
        assert "update-fault" not in dict(self.rig.events)
        for state in self.rig.said:
            assert decode(encode(state), UpdateState) == state
            assert state.installed_version in self.at_work | {self.rig.boot.version}
            assert state.error is not None or state.phase not in {"failed", "reverted", "waiting"}
        self.rig.said[:-1] = []


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
