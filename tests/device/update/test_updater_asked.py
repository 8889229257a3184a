"""What is asked of an updater, by whom, and who is obeyed."""

from datetime import time
from pathlib import Path

import pytest
from tests.device.update.rig import Rig, order, raising, stage
from tests.torture.device import make_bundle

from sagui.device.errors import DistrustError, SourceAwayError, SourceError, UpdateError
from sagui.device.store import ledger as ledgers
from sagui.device.update.fetching import bring
from sagui.device.update.rules import Window


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_pin_keeps_the_model_whoever_asks_over_the_network(rig: Rig) -> None:
    rig.follow(pinned=True, follow="latest")
    rig.plan()
    last = rig.tick(10)
    assert (last.phase, last.error, last.pinned) == ("waiting", "pinned: the settings keep this device's model", True)
    rig.updater.take_order(order())
    last = rig.tick(10)
    assert (last.installed_version, rig.fetched) == ("1.0.0", [])
    assert any(one.phase == "failed" and "pinned" in (one.error or "") for one in rig.said)


def test_an_order_installs_the_newest_whatever_the_hour(rig: Rig) -> None:
    rig.follow(window=Window(time(22), time(4)))
    rig.updater.take_order(order())
    last = rig.tick(20)
    assert (last.phase, last.installed_version, last.rollout) == ("confirmed", "1.1.0", None)


def test_an_order_for_what_cannot_be_is_answered_and_forgotten(rig: Rig) -> None:
    for version, words in (
        ("1.0.0", "is at work already"),
        ("0.9.0", "not newer"),
        ("3.0.0", "there is no pets 3.0.0"),
    ):
        rig.updater.take_order(order(version=version))
        last = rig.tick(3)
        assert last.phase == "failed"
        assert words in (last.error or "")
    asked = len(rig.asked)
    rig.tick(17, step_s=60.0)
    assert len(rig.asked) == asked


def test_an_order_without_a_registry_says_what_is_missing(tmp_path: Path) -> None:
    rig = Rig(tmp_path, has_source=False)
    rig.updater.take_order(order())
    assert "name one in the settings: [update] registry" in (rig.tick(3).error or "")


def test_a_plain_tflite_file_is_not_updated(tmp_path: Path) -> None:
    rig = Rig(tmp_path, settings=None)
    rig.plan()
    last = rig.tick(3)
    assert (last.model, last.phase) == (None, "failed")
    assert "only a bundle" in (last.error or "")


def test_an_order_to_go_back_leads_to_the_settings_model(rig: Rig) -> None:
    rig.plan()
    rig.tick(20)
    rig.updater.take_order(order("revert"))
    last = rig.tick(5)
    assert (last.phase, last.installed_version) == ("reverted", "1.0.0")
    assert "taken back by an order" in (last.error or "")
    assert rig.tick(50).installed_version == "1.0.0", "the plan does not bring it back"


def test_an_order_to_go_back_without_anything_before_is_answered(rig: Rig) -> None:
    rig.updater.take_order(order("revert"))
    assert "there is no model before 1.0.0" in (rig.tick(3).error or "")


def test_a_plan_to_go_back_is_reported_to_its_rollout(rig: Rig) -> None:
    rig.plan()
    rig.tick(20)
    rig.plan(id="r2", action="revert", revision=2)
    last = rig.tick(5)
    assert (last.phase, last.installed_version, last.rollout) == ("reverted", "1.0.0", "r2")


def test_a_plan_to_go_back_finds_a_device_that_never_went(rig: Rig) -> None:
    rig.plan(id="r2", action="revert")
    last = rig.tick(5)
    assert (last.phase, last.installed_version, last.rollout) == ("confirmed", "1.0.0", "r2")


def test_a_device_that_went_back_by_itself_keeps_the_reason(rig: Rig) -> None:
    rig.shadowing = raising(UpdateError("too slow"))
    rig.plan()
    assert (rig.tick(50).phase, rig.said[-1].error) == ("failed", "too slow")


def test_who_follows_the_registry_takes_what_is_newer(rig: Rig) -> None:
    rig.follow(follow="latest")
    assert rig.tick(20).installed_version == "1.1.0"
    rig.publish("1.2.0")
    assert rig.tick(40, step_s=60.0).installed_version == "1.2.0"


def test_who_follows_plans_only_says_what_there_is(rig: Rig) -> None:
    last = rig.tick(5)
    assert (last.phase, last.latest_version, last.installed_version) == ("idle", "1.1.0", "1.0.0")
    assert rig.fetched == []


def test_a_registry_that_is_not_to_be_trusted_is_said_at_a_poll_until_it_is_right(rig: Rig) -> None:
    rig.trouble = DistrustError("its timestamp is expired")
    assert (rig.tick(5).phase, rig.said[-1].error) == ("failed", "its timestamp is expired")
    rig.trouble = None
    assert rig.tick(40, step_s=60.0).phase == "idle"


def test_a_registry_that_is_away_at_a_poll_is_for_the_journal(rig: Rig) -> None:
    rig.trouble = SourceAwayError("no answer")
    assert rig.tick(5).phase == "idle"
    for _ in range(3):
        rig.tick(60, step_s=60.0)
    assert len(rig.asked) > 3
    away = "the registry cannot be asked: no answer (said once, until it answers)"
    assert _registry_events(rig) == [away]
    rig.trouble = None
    for _ in range(2):
        rig.tick(60, step_s=60.0)
    assert _registry_events(rig) == [away, "the registry answers again"]


def _registry_events(rig: Rig) -> list[str]:
    return [text for event, text in rig.events if event == "update-registry"]


def test_a_plan_that_waits_for_the_registry_is_in_the_journal_once_and_so_is_its_end(rig: Rig) -> None:
    rig.trouble = SourceAwayError("no answer")
    rig.plan()
    assert rig.tick(20, step_s=600.0).phase == "waiting"
    assert len(rig.asked) > 5
    assert _registry_events(rig) == [
        "1.1.0 waits: the registry cannot be asked: no answer (said once, until it answers)"
    ]
    rig.trouble = None
    assert rig.tick(20, step_s=600.0).phase == "confirmed"
    assert _registry_events(rig)[1:] == ["the registry answers again"]


def test_what_stands_in_the_way_of_every_update_is_said_until_the_registry_answers(rig: Rig) -> None:
    rig.trouble = SourceError("root.json: no such file")
    rig.updater.beware("root.json: no such file")
    assert (rig.tick(3).phase, rig.said[-1].error) == ("idle", "root.json: no such file")
    rig.trouble = None
    assert (rig.tick(40, step_s=60.0).phase, rig.said[-1].error) == ("idle", None)


def test_what_a_person_staged_is_taken_up_by_the_agent_at_work(rig: Rig) -> None:
    rig.tick(3)
    stage(rig, "1.1.0")
    last = rig.tick(20)
    assert (last.phase, last.installed_version, last.rollout) == ("confirmed", "1.1.0", None)


def test_a_person_wins_over_a_plan_and_an_order_over_a_person(rig: Rig) -> None:
    rig.publish("1.2.0", "1.3.0")
    stage(rig, "1.2.0")
    rig.plan("1.1.0")
    assert rig.tick(20).installed_version == "1.2.0"
    stage(rig, "1.3.0")
    rig.publish("1.4.0")
    rig.updater.take_order(order(version="1.4.0"))
    assert rig.tick(20).installed_version == "1.4.0"


def test_a_person_who_stages_what_is_at_work_already_does_no_harm(rig: Rig) -> None:
    stage(rig, "1.0.0")
    last = rig.tick(5)
    assert (last.phase, rig.ledger.failed, rig.ledger.staged) == ("failed", (), None)
    assert "not newer than 1.0.0" in (last.error or "")


def test_a_person_who_reverts_beside_the_agent_has_it_start_again(rig: Rig) -> None:
    rig.plan()
    rig.tick(20)
    rig.store.change(lambda ledger: ledgers.revert(ledger, "a person did not like it"))
    last = rig.tick(3)
    assert (last.phase, last.installed_version) == ("reverted", "1.0.0")


def test_a_model_of_another_name_is_left(rig: Rig) -> None:
    (rig.folder / "registry" / "pets-1.1.0.sagui").write_bytes(make_bundle("1.1.0", "cats"))
    rig.plan()
    assert "says of itself that it is cats 1.1.0" in (rig.tick(5).error or "")


def test_a_model_of_another_name_that_a_person_staged_is_left(rig: Rig) -> None:
    rig.publish("1.1.0", model="cats")
    bring(rig.store, rig, rig.find("cats", None), have=None, told=lambda _percent: None, origin="person")
    last = rig.tick(5)
    assert (last.phase, last.error) == ("failed", "the settings' model is pets, not cats")
    assert (rig.ledger.staged, rig.ledger.failed) == (None, ())


def test_a_device_that_is_ahead_of_a_plan_has_not_failed(rig: Rig) -> None:
    rig.plan("0.9.0")
    last = rig.tick(5)
    assert (last.phase, last.rollout) == ("idle", "r1")
    assert "0.9.0 is not newer than 1.0.0" in (last.error or "")


def test_the_first_group_that_asks_is_followed(rig: Rig) -> None:
    rig.publish("1.2.0")
    rig.follow(groups=("porch", "all"))
    rig.plan("1.1.0", group="porch")
    rig.plan("1.2.0", group="all", id="r9")
    assert rig.tick(8).installed_version == "1.1.0"


def test_the_newest_is_what_the_registry_vouched_for_whatever_a_plan_says(rig: Rig) -> None:
    rig.plan("9.9.9")
    last = rig.tick(5)
    assert (last.phase, last.latest_version) == ("failed", "1.0.0")
    rig.follow(window=Window(time(22), time(4)))
    rig.publish("1.2.0")
    rig.plan("9.9.9", revision=2)
    last = rig.tick(3)
    assert (last.phase, last.latest_version) == ("waiting", "1.2.0"), "a device that waits asks what there is"
    rig.plan("9.9.9", revision=3, status="paused")
    assert rig.tick(3).latest_version == "1.2.0"


@pytest.mark.parametrize("plan", [None, "1.0.0", "0.9.0", "1.1.0"])
def test_an_order_to_go_back_from_nothing_is_answered_whatever_the_plans_say(rig: Rig, plan: str | None) -> None:
    rig.follow(window=Window(time(22), time(4)))
    if plan:
        rig.plan(plan)
    rig.tick(5)
    rig.updater.take_order(order("revert"))
    rig.tick(1)
    assert rig.said[-1].phase == "failed"
    assert rig.said[-1].error == "there is no model before 1.0.0 to go back to"
    # What a plan waits for, or did not get, comes back beside it: whoever leads the rollout counts on that.
    last = rig.tick(30)
    assert (last.error or "").startswith("there is no model before 1.0.0 to go back to")
    assert (last.phase, last.rollout) == {"0.9.0": ("idle", "r1"), "1.1.0": ("waiting", "r1")}.get(
        plan or "", ("failed", None)
    )
    rig.plan("1.1.0", revision=2)
    assert rig.tick(3).error == "the hours for updates are 22:00-04:00"


def test_an_order_to_go_back_twice_is_answered_twice(rig: Rig) -> None:
    rig.plan()
    rig.tick(20)
    rig.updater.take_order(order("revert"))
    rig.tick(5)
    rig.updater.take_order(order("revert"))
    rig.tick(1)
    assert rig.said[-1].error == "there is no model before 1.0.0 to go back to"
    last = rig.tick(3)
    assert (last.phase, last.rollout) == ("reverted", "r1")
    assert (last.error or "").startswith("there is no model before 1.0.0 to go back to; taken back by an order")
    assert "1.1.0 was taken back here, and is not taken again" in (last.error or "")


def test_another_order_takes_the_place_of_one_that_was_refused(rig: Rig) -> None:
    rig.plan("0.9.0")
    rig.updater.take_order(order("revert"))
    rig.tick(3)
    rig.updater.take_order(order(version="3.0.0"))
    error = rig.tick(5).error or ""
    assert "there is no pets 3.0.0; 0.9.0 is not newer" in error
    assert "no model before" not in error
