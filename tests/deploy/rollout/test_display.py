"""A rollout in the terminal."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from rich.console import Console
from tests.deploy.rollout.people import NOON, confirmed, failed, member, plan_for, said

from sagui.deploy.rollout.control import View
from sagui.deploy.rollout.display import LiveWatcher, PlainWatcher, as_json, draw
from sagui.deploy.rollout.rules import Member, tally

MEMBERS = [
    *(member(f"ok-{number}", confirmed()) for number in range(6)),
    *(member(f"bad-{number}", failed(why="\x1b[31mno\nroom\x07")) for number in range(7)),
    member("new"),
    member("away", online=False),
    member("late", said("waiting", error="the hours for updates are 02:00-05:00")),
]


def view_of(members: list[Member], **changes: Any) -> View:
    plan = msgspec.structs.replace(plan_for(members, waves=(0.5, 1.0)), share=1.0, **changes)
    return View(plan, tally(plan, members, NOON), len(members), "13 of 15 devices confirmed", 2)


def drawn(view: View, width: int = 100) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(draw(view))
    return captured.get()


def test_the_table_shows_waves_counts_and_the_devices_own_words() -> None:
    text = drawn(view_of(MEMBERS))
    assert "pets==1.4.0: running, wave 1 of 2" in text
    assert "50 %" in text
    assert "6 of 15" in text
    assert "6 confirmed, 1 under way, 1 waiting, 7 failed, 1 offline, 2 messages" in text
    assert "bad-4: [31mno room" in text
    assert "and 2 more" in text
    assert "late: waits: the hours for updates are 02:00-05:00" in text
    assert "13 of 15 devices confirmed" in text


@pytest.mark.parametrize("status", ["running", "paused", "halted", "done"])
@pytest.mark.parametrize("action", ["install", "revert"])
def test_every_rollout_can_be_drawn_however_little_room_there_is(status: Any, action: Any) -> None:
    assert status in drawn(view_of(MEMBERS, status=status, action=action), 20).replace("\n", "")
    assert drawn(view_of([], status=status, action=action))


def test_nothing_from_outside_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    view = view_of(MEMBERS)
    PlainWatcher().show(msgspec_free(view))
    with LiveWatcher(Console(force_terminal=True, width=100, color_system=None)) as live:
        live.say("\x07 bell")
        live.show(view)
    shown = capsys.readouterr().out
    assert "\x07" not in shown
    assert "\x1b[31m" not in shown
    assert "bell" in shown


def msgspec_free(view: View) -> View:
    return View(view.plan, view.tally, view.known, "\x1b[31m\x07", view.unreadable)


def test_plain_lines_are_said_when_something_changed(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = PlainWatcher()
    for members in (MEMBERS[:6], MEMBERS[:6], MEMBERS[:7]):
        watcher.show(view_of(members))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("pets==1.4.0: running, wave 1 of 2: 6 confirmed")
    assert lines[2] == "  bad-0: [31mno room"


def test_why_it_halted_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    view = view_of([member("shed", failed(why="no room")), member("barn", failed(why="no light"))], status="halted")
    told = View(view.plan, view.tally, view.known, "2 of 2 devices failed, more than 5 % (barn: no light)")
    watcher = PlainWatcher()
    watcher.show(replace(told, plan=msgspec.structs.replace(told.plan, status="running"), stops=True))
    watcher.show(told)
    out = capsys.readouterr().out
    assert out.count("no light") == 1
    assert "  shed: no room" in out
    assert drawn(told).count("no light") == 1


def test_json_has_the_plan_the_counts_and_the_failures() -> None:
    content = json.loads(as_json(view_of(MEMBERS)))
    assert content["plan"]["version"] == "1.4.0"
    assert (content["standing"]["confirmed"], content["standing"]["timed-out"], content["counted"]) == (6, 0, 15)
    assert content["failures"][0] == {"device": "bad-0", "why": "\x1b[31mno\nroom\x07"}
    assert content["waits"] == [{"device": "late", "why": "the hours for updates are 02:00-05:00"}]
    assert (content["devices"], content["unreadable"]) == (16, 2)
