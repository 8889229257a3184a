"""What gets in the way of an update: networks, disks, attacks, halts, and the end of the agent."""

import threading
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from tests.device.update.rig import POLICY, Rig, raising, stage
from tests.torture.device import make_bundle

from sagui.device.cameras.backoff import Backoff
from sagui.device.errors import Cancelled, DistrustError, SourceAwayError, SourceError, UpdateError
from sagui.device.store import Held
from sagui.device.update.proving import Told
from sagui.device.update.rules import Window


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_registry_that_is_away_is_asked_again_after_longer_and_longer_waits(rig: Rig) -> None:
    rig.follow(every_s=0.0, backoff=Backoff(first_s=5.0, most_s=60.0))
    rig.trouble = SourceAwayError("http://desk:8000 does not answer")
    rig.plan()
    last = rig.tick(140)
    assert (last.phase, last.error, last.rollout) == ("waiting", "http://desk:8000 does not answer", "r1")
    waits = [after - before for before, after in zip(rig.asked, rig.asked[1:], strict=False)]
    assert waits == [3.0, 5.0, 10.0, 20.0, 30.0, 30.0, 30.0], "half of the longest, because the luck is 0"
    rig.trouble = None
    assert rig.tick(50).phase == "confirmed"


def test_an_attack_is_named_and_not_hammered(rig: Rig) -> None:
    rig.trouble = DistrustError("the list of versions is signed by nobody we trust")
    rig.plan()
    last = rig.tick(17, step_s=100.0)
    assert (last.phase, last.error) == ("failed", "the list of versions is signed by nobody we trust")
    assert (last.installed_version, last.in_progress) == ("1.0.0", False)
    assert len(rig.asked) == 1
    rig.plan(revision=2)
    rig.tick(10)
    assert len(rig.asked) == 2, "a new revision is worth a try"
    rig.trouble = None
    assert rig.tick(70, step_s=60.0).phase == "confirmed", "and so is the next poll"


def test_a_version_that_nobody_has_is_said(rig: Rig) -> None:
    rig.plan("7.0.0")
    last = rig.tick(5)
    assert last.phase == "failed"
    assert "there is no pets 7.0.0" in (last.error or "")


def test_a_registry_that_gives_something_else_is_refused(rig: Rig) -> None:
    (rig.folder / "registry" / "pets-1.1.0.sagui").write_bytes(make_bundle("1.0.0"))
    rig.plan()
    last = rig.tick(5)
    assert last.phase == "failed"
    assert "says of itself that it is pets 1.0.0" in (last.error or "")
    assert not any((rig.store.folder / "incoming").iterdir())


@pytest.mark.parametrize("status", ["halted", "paused"])
def test_a_plan_that_stops_before_it_is_at_work_leaves_the_device_as_it_was(rig: Rig, status: str) -> None:
    rig.follow(window=Window(time(22), time(4)))
    rig.plan()
    rig.local = time(23)
    rig.shadowing = lambda *_: setattr(rig, "local", time(12))
    last = rig.tick(10)
    assert (last.phase, last.error) == ("waiting", "the hours for updates are 22:00-04:00")
    assert any((rig.store.folder / "objects").iterdir())
    rig.plan(status=status, revision=2)
    assert rig.tick(3).phase == "idle"
    assert rig.ledger.staged is None
    assert not any((rig.store.folder / "objects").iterdir())
    rig.local = time(23)
    assert rig.tick(10).installed_version == "1.0.0"


def test_a_halt_during_the_shadow_breaks_it_off(rig: Rig) -> None:
    def shadow(_bundle: Path, told: Told) -> None:
        told(10)
        rig.plan(status="halted", revision=2)
        told(20)
        pytest.fail("it goes on")

    rig.shadowing = shadow
    rig.plan()
    assert rig.tick(5).phase == "idle"
    assert (rig.ledger.staged, rig.ledger.failed) == (None, ())


def test_a_halt_counts_though_nothing_was_heard_of_another_group(rig: Rig) -> None:
    rig.follow(groups=("porch", "all"))
    rig.shadowing = lambda *_: rig.plan(group="porch", status="halted", revision=2)
    rig.plan(group="porch")
    last = rig.tick(10)
    assert (last.phase, last.installed_version) == ("idle", "1.0.0")
    assert rig.ledger.staged is None


def test_a_pin_that_is_set_meanwhile_leaves_what_is_staged(rig: Rig) -> None:
    rig.shadowing = lambda *_: rig.follow(pinned=True)
    rig.plan()
    last = rig.tick(10)
    assert (last.phase, last.installed_version, last.pinned) == ("waiting", "1.0.0", True)
    assert rig.ledger.staged is None


def test_a_halt_during_the_download_breaks_it_off_and_it_is_resumed_later(rig: Rig) -> None:
    def fetch(candidate: Any, to: Path, have: Path | None, progress: Any) -> None:
        if len(rig.fetched) == 0:
            rig.fetched.append("begun")
            rig.plan(status="halted", revision=2)
        rig._source.fetch(candidate, to, have, progress)

    rig.fetch = fetch  # type: ignore[method-assign]
    rig.plan()
    assert rig.tick(5).phase == "idle"
    assert [path.stat().st_size for path in (rig.store.folder / "incoming").iterdir()] == [1024]
    rig.plan(revision=3)
    assert rig.tick(20).phase == "confirmed"


def test_what_is_broken_off_is_tried_at_the_next_start_and_does_not_count(rig: Rig) -> None:
    rig.shadowing = raising(Cancelled("the agent ends"))
    rig.plan()
    assert rig.tick(5).phase == "waiting"
    assert rig.ledger.staged is not None
    assert rig.ledger.staged.tries == 0
    rig.shadowing = lambda *_: None
    assert rig.tick(5).phase == "waiting", "not by this start"
    rig.start()
    assert rig.tick(20).phase == "confirmed"


def test_an_agent_that_ends_breaks_off_what_is_under_way(rig: Rig) -> None:
    def shadow(_bundle: Path, told: Told) -> None:
        rig.updater.stop()
        told(50)
        pytest.fail("it goes on")

    rig.shadowing = shadow
    rig.plan()
    rig.tick(10)
    assert rig.ledger.staged is not None
    assert rig.ledger.staged.tries == 0


def test_a_model_that_takes_the_agent_with_it_while_it_is_tried_is_given_up(rig: Rig) -> None:
    rig.proving = raising(SystemExit())
    rig.plan()
    starts = 0
    while rig.ledger.failed == () and starts < 10:
        try:
            rig.tick(5)
        except SystemExit:
            starts += 1
            rig.start()
    assert starts == POLICY.max_tries
    last = rig.tick(5)
    assert (last.phase, last.installed_version) == ("failed", "1.0.0")
    assert "the agent ended 3 times while it was tried" in (last.error or "")


def test_a_staged_model_of_a_plan_waits_until_the_plan_is_heard(rig: Rig) -> None:
    rig.follow(window=Window(time(22), time(4)))
    rig.local = time(23)
    rig.shadowing = lambda *_: setattr(rig, "local", time(12))
    rig.plan()
    rig.tick(5)
    rig.plans.clear()
    rig.local, rig.shadowing = time(23), lambda *_: None
    rig.start()
    assert "waits for the plan" in (rig.tick(5).error or "")
    assert rig.boot.version == "1.0.0"
    rig.plan()
    assert rig.tick(20).phase == "confirmed"


def test_a_full_disk_is_said_and_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.device.store.store.MARGIN_BYTES", 1 << 60)
    rig.plan()
    last = rig.tick(10)
    assert (last.phase, last.installed_version) == ("waiting", "1.0.0")
    assert "must stay free" in (last.error or "")
    monkeypatch.undo()
    assert rig.tick(60).phase == "confirmed"


def test_a_file_that_rots_before_it_is_put_to_work_is_fetched_again_later(rig: Rig) -> None:
    def shadow(bundle: Path, _told: Told) -> None:
        bundle.write_bytes(b"rotten")
        rig.shadowing = lambda *_: None

    rig.shadowing = shadow
    rig.plan()
    last = rig.tick(3)
    assert (last.phase, last.installed_version) == ("waiting", "1.0.0")
    assert "1.1.0 was spoilt on this disk" in (last.error or "")
    assert rig.fetched == ["1.1.0"]
    assert rig.tick(30).phase == "confirmed"
    assert rig.fetched == ["1.1.0", "1.1.0"]


def test_what_was_staged_at_the_last_moment_is_not_put_to_work_unproven(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.publish("1.2.0")
    proven: list[bytes] = []
    rig.proving = lambda bundle: proven.append(bundle.read_bytes())
    is_whole = rig.store.is_whole

    def meanwhile(held: Held) -> bool:
        if len(proven) == 1 and held.version == "1.1.0":
            stage(rig, "1.2.0")
            return True
        return is_whole(held)

    monkeypatch.setattr(rig.store, "is_whole", meanwhile)
    stage(rig, "1.1.0")
    last = rig.tick(30)
    assert proven == [make_bundle("1.1.0"), make_bundle("1.2.0")]
    assert (last.phase, last.installed_version) == ("confirmed", "1.2.0")
    assert "1.2.0 was staged while 1.1.0 was tried; it is tried next" in [one.error for one in rig.said]


def test_nothing_is_held_against_a_model_whose_file_was_replaced_while_it_was_tried(rig: Rig) -> None:
    rig.publish("1.2.0")

    def shadow(bundle: Path, _told: Told) -> None:
        rig.shadowing = lambda *_: None
        stage(rig, "1.2.0")
        raise UpdateError(f"{bundle}: no such file")

    rig.shadowing = shadow
    stage(rig, "1.1.0")
    assert rig.tick(30).installed_version == "1.2.0"
    assert rig.ledger.failed == ()


def test_a_fault_in_the_agent_keeps_the_updater_alive(rig: Rig) -> None:
    rig.proving = raising(ZeroDivisionError("oops"))
    rig.plan()
    last = rig.tick(3)
    assert (last.phase, last.error) == ("waiting", "ZeroDivisionError: oops")
    assert ("update-fault", "the update failed: ZeroDivisionError: oops") in rig.events


def test_a_wall_clock_out_of_all_years_stops_nothing(rig: Rig) -> None:
    object.__setattr__(rig.updater._around.clocks, "unix", lambda: 1e20)
    rig.tick()
    assert rig.said[-1].time == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("end", ["stop it", "set the event"])
def test_its_thread_ends_when_it_is_stopped(rig: Rig, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setattr("sagui.device.update.updater.TICK_S", 0.001)
    stop = threading.Event()
    thread = threading.Thread(target=rig.updater.run, args=(stop,))
    thread.start()
    if end == "stop it":
        rig.updater.stop()
    else:
        stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_source_error_that_is_no_attack_is_said_too(rig: Rig) -> None:
    rig.trouble = SourceError("pets is in no list")
    rig.plan()
    assert (rig.tick(3).phase, rig.said[-1].error) == ("failed", "pets is in no list")
