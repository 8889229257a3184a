"""The usual way of an update, step by step."""

from datetime import time
from pathlib import Path

import pytest
from tests.device.update.rig import Rig, raising
from tests.torture.device import make_bundle

from sagui.device.errors import UpdateError
from sagui.device.update.proving import Told
from sagui.device.update.rules import Window
from sagui.wire import UpdateState, decode, encode


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_plan_leads_step_by_step_to_a_confirmed_model(rig: Rig) -> None:
    rig.plan()
    last = rig.tick(20)
    assert rig.phases() == [
        *("announced", "downloading", "verified", "staged", "proving", "shadow", "activated", "confirmed")
    ]
    assert (last.installed_version, last.latest_version, last.rollout, last.error) == ("1.1.0", "1.1.0", "r1", None)
    assert rig.boot.path.read_bytes() == make_bundle("1.1.0")
    assert not any(one.phase == "confirmed" and one.installed_version != "1.1.0" for one in rig.said)


def test_in_progress_is_said_until_the_end_and_no_longer(rig: Rig) -> None:
    rig.plan()
    rig.tick(20)
    assert [one.in_progress for one in rig.said[:-1]] == [True] * (len(rig.said) - 1)
    assert not rig.said[-1].in_progress


def test_what_is_said_can_be_read_from_the_wire(rig: Rig) -> None:
    rig.plan()
    rig.tick(20)
    for state in rig.said:
        assert decode(encode(state), UpdateState) == state


def test_without_anything_asked_it_is_idle_and_says_so_once(rig: Rig) -> None:
    rig.tick(30)
    assert [one.phase for one in rig.said] == ["idle"]
    rig.updater.repeat()
    assert [one.phase for one in rig.said] == ["idle", "idle"]


def test_a_device_that_has_it_already_says_confirmed_to_the_rollout(rig: Rig) -> None:
    rig.plan("1.0.0")
    assert (rig.tick().phase, rig.tick().rollout) == ("confirmed", "r1")
    assert rig.fetched == []


def test_a_model_that_does_not_reproduce_its_golden_frames_is_never_at_work(rig: Rig) -> None:
    rig.proving = raising(UpdateError("frame 3 differs by 7 steps"))
    rig.plan()
    last = rig.tick(20)
    assert (last.phase, last.error, last.installed_version) == ("failed", "frame 3 differs by 7 steps", "1.0.0")
    assert rig.ledger.failed_versions("pets") == {"1.1.0"}
    assert rig.fetched == ["1.1.0"], "and it is not fetched again"
    assert not any((rig.store.folder / "objects").iterdir())


def test_a_model_that_disagrees_in_the_shadow_is_not_tried_again_by_another_rollout(rig: Rig) -> None:
    rig.shadowing = raising(UpdateError("it says cat to everything"))
    rig.plan()
    assert rig.tick(10).error == "it says cat to everything"
    rig.plan(id="r2", revision=2)
    last = rig.tick(10)
    assert (last.phase, last.rollout) == ("failed", "r2")
    assert (last.error or "").startswith("it says cat to everything; 1.1.0 was tried and did not do")
    assert rig.fetched == ["1.1.0"]


def test_without_a_shadow_it_is_proven_and_put_to_work(rig: Rig) -> None:
    rig.follow(shadow_frames=0)
    rig.shadowing = raising(AssertionError("nobody asked for it"))
    rig.plan()
    assert rig.tick(20).phase == "confirmed"
    assert "shadow" not in rig.phases()


def test_percentages_are_said_once_a_second_at_most(rig: Rig) -> None:
    def shadow(_bundle: Path, told: Told) -> None:
        for percent in range(100):
            told(percent)
            rig.now_s += 0.25

    rig.shadowing = shadow
    rig.plan()
    rig.tick(20)
    percents = [one.update_percentage for one in rig.said if one.phase == "shadow"]
    assert percents == [0, *range(4, 100, 4)]


def test_a_model_that_is_ill_at_work_is_reverted_and_the_words_say_why(rig: Rig) -> None:
    rig.problem_now = "no frame was classified"
    rig.plan()
    last = rig.tick(30)
    assert (last.phase, last.installed_version) == ("reverted", "1.0.0")
    assert last.error == "not well for 3 s: no frame was classified"
    assert rig.ledger.current is None
    rig.problem_now = None
    assert rig.tick(30).phase == "reverted", "and it is not tried again"
    assert rig.fetched == ["1.1.0"]


def test_a_model_that_sees_too_few_frames_is_not_confirmed(rig: Rig) -> None:
    rig.frames_per_tick = 0
    rig.plan()
    assert rig.tick(60).phase == "activated"
    rig.frames_per_tick = 1
    assert rig.tick(10).phase == "confirmed"


def test_the_hours_are_waited_for_before_anything_is_fetched(rig: Rig) -> None:
    rig.follow(window=Window(time(22), time(4)))
    rig.plan()
    last = rig.tick(10)
    assert (last.phase, last.error, last.latest_version) == (
        "waiting",
        "the hours for updates are 22:00-04:00",
        "1.1.0",
    )
    assert rig.fetched == []
    rig.local = time(22)
    assert rig.tick(20).phase == "confirmed"
