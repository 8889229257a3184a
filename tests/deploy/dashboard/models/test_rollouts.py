from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import urllib3
from nicegui import Client, ui
from tests.deploy.dashboard.now.test_cards import Tags
from tests.deploy.dashboard.test_contrast import AA, colours, contrast
from tests.deploy.rollout.people import confirmed, crowd, failed, plan_for, said

from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.live.plans import Kept
from sagui.deploy.dashboard.models.reckoner import Reckoner
from sagui.deploy.dashboard.models.rollouts import RolloutsPanel, written
from sagui.deploy.dashboard.models.waves import Rollout, rollout
from sagui.deploy.dashboard.texts import LANGUAGES, speak
from sagui.deploy.history import Writer
from sagui.deploy.history.sqlite import SqliteHistory
from sagui.deploy.rollout.rules import revert
from sagui.deploy.watch import Row
from sagui.wire import Desired, UpdateState, decode, encode, timestamp, topics

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"
NOW = datetime.now(UTC)
PLAN = plan_for(crowd(4), NOW, waves=(0.5, 1.0))
OURS = {
    "span", "p", "bdi", "table", "caption", "thead", "tbody", "tr", "th", "td", "div", "svg", "rect", "ul", "li", "a",
    "dl", "dt", "dd",
}  # fmt: skip


def shown(plan: Desired = PLAN, **states: Any) -> Rollout:
    rows = [Row(f"cam-{number}", online=True, update=said()) for number in range(4)]
    rows += [Row(device, online=True, update=state) for device, state in states.items()]
    return rollout("porch", plan, rows, NOW)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", ["running", "paused", "halted", "done"])
def test_all_that_was_heard_is_text(language: Any, status: Any) -> None:
    plan = msgspec.structs.replace(PLAN, operator=HTML, reason=HTML, status=status, share=1.0)
    head, body = written(shown(plan, porch=failed(why=HTML)), speak(language))
    tags = Tags(head + body)
    assert tags.tags <= OURS
    assert tags.text.count(HTML) == 3
    assert not any(name.startswith("on") for name in tags.attributes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_no_plan_is_text_too(language: Any) -> None:
    tags = Tags("".join(written(Kept("evil", None, HTML), speak(language))))
    assert HTML in tags.text
    assert tags.tags <= OURS


def test_a_revert_is_said_to_be_one() -> None:
    head, body = written(shown(revert(PLAN, "r-2", NOW, "ana@desk")), speak("en"))
    assert "back from pets 1.4.0" in Tags(head).text
    assert "go back to the model that each had before" in Tags(body).text


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("states", "at_s", "english", "portuguese"),
    [
        ([said(), said()], 0, "0 of 2 devices are confirmed, 2 are needed", "0 de 2 dispositivos estão confirmados"),
        ([confirmed(at=NOW), said()], 60, "1 of 2 devices are confirmed, 2 are needed", "1 de 2 dispositivos"),
        ([confirmed(at=NOW)] * 2, 60, "it goes on at {end:%Y-%m-%d %H:%M:%S} UTC", "segue às"),
        ([confirmed(at=NOW)] * 2, 601, "The next step is due", "O próximo passo está na hora"),
        ([failed()] * 2, 60, "The next step is due", "status --follow --group porch"),
        ([], 60, "no device of this wave is there", "nenhum dispositivo desta onda está presente"),
        ([], 1900, "The next step is due", "O próximo passo está na hora"),
    ],
)
def test_what_a_wave_waits_for_is_told(states: list[UpdateState], at_s: float, english: str, portuguese: str) -> None:
    rows = [Row(f"cam-{number}", online=True, update=state) for number, state in enumerate(states)]
    plan = msgspec.structs.replace(PLAN, share=1.0, since=timestamp(NOW.timestamp()))
    one = rollout("porch", plan, rows, after(at_s))
    assert english.format(end=after(600)) in Tags(written(one, speak("en"))[1]).text
    assert portuguese in Tags(written(one, speak("pt"))[1]).text


@pytest.mark.parametrize(
    ("dwell_s", "since"),
    [(1e300, "2026-11-21T12:00:00.000Z"), (1e12, "2026-11-21T12:00:00.000Z"), (600.0, "9999-12-31T23:59:59.000Z")],
)
def test_a_wait_without_end_breaks_nothing(dwell_s: float, since: str) -> None:
    plan = msgspec.structs.replace(PLAN, share=1.0, dwell_s=dwell_s, since=since)
    rows = [Row(f"cam-{number}", online=True, update=confirmed(at=NOW)) for number in range(2)]
    one = rollout("porch", decode(encode(plan), Desired), rows, NOW)
    assert "it goes on at 9999-12-31 23:59:59 UTC" in Tags(written(one, speak("en"))[1]).text


@pytest.mark.parametrize("status", ["paused", "halted", "done"])
def test_a_rollout_that_does_not_run_waits_for_nothing(status: Any) -> None:
    plan = msgspec.structs.replace(PLAN, status=status)
    assert "waits" not in Tags(written(shown(plan), speak("en"))[1]).attributes["class"]


def test_a_revert_waits_for_those_that_have_the_version() -> None:
    back = revert(PLAN, "r-2", NOW, "ana@desk")
    one = shown(back, a=said("idle", "1.4.0", NOW, rollout="r-2"))
    assert "devices that still run 1.4.0: 1" in Tags(written(one, speak("en"))[1]).text


def test_a_bar_is_read_aloud() -> None:
    plan = msgspec.structs.replace(PLAN, share=1.0, wave=1)
    tags = Tags(written(shown(plan, a=confirmed(), b=failed()), speak("en"))[1])
    assert tags.attributes["aria-valuetext"][1] == "1 of 6 confirmed"
    assert (tags.attributes["aria-valuenow"][1], tags.attributes["aria-valuemax"][1]) == ("1", "6")
    assert tags.attributes["width"][2:] == ["16.7", "16.7"]


def test_of_many_waves_those_near_the_present_one_are_shown() -> None:
    plan = msgspec.structs.replace(PLAN, waves=tuple(number / 100 for number in range(1, 101)), wave=50)
    text = Tags(written(shown(plan), speak("en"))[1]).text
    assert "and 79 more waves" in text
    assert "51 %" in text
    assert "99 %" not in text


def test_a_wave_of_nobody_can_be_read() -> None:
    tags = Tags(written(rollout("porch", PLAN, [], NOW), speak("en"))[1])
    assert tags.attributes["aria-valuemax"] == ["1", "1"]


@dataclass
class FakeBoard:
    """Counts how often it is asked."""

    standing: int = 0
    asked: int = 0
    plans_left_out: int = 0
    is_awaited: bool = False
    rows_: list[Row] = field(default_factory=list)
    plan: Desired = PLAN

    def plans(self) -> tuple[Kept, ...]:
        self.asked += 1
        return (Kept("porch", self.plan),)

    def rows(self) -> list[Row]:
        return self.rows_


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_is_reckoned_while_nothing_changed() -> None:
    board, clock = FakeBoard(plan=msgspec.structs.replace(PLAN, status="paused")), Clock()
    reckoner = Reckoner(board, clock)  # type: ignore[arg-type]
    first = reckoner.look()
    for _ in range(50):
        clock.now_s += 1.0
        assert reckoner.look() is first
    assert board.asked == 1
    board.standing += 1
    assert reckoner.look() is first  # reckoned anew, and the same
    assert board.asked == 2


def test_devices_under_way_are_looked_at_again_as_time_alone_may_fail_them() -> None:
    board, clock = FakeBoard(rows_=[Row(f"cam-{number}", online=True, update=said()) for number in range(4)]), Clock()
    reckoner = Reckoner(board, clock)  # type: ignore[arg-type]
    for _ in range(10):
        reckoner.look()
        clock.now_s += 1.0
    assert board.asked == 2


def test_a_running_rollout_is_looked_at_again_as_time_alone_may_make_its_next_step_due() -> None:
    board, clock = FakeBoard(), Clock()
    reckoner = Reckoner(board, clock)  # type: ignore[arg-type]
    for _ in range(10):
        reckoner.look()
        clock.now_s += 1.0
    assert board.asked == 2


def test_reckoning_leaves_most_of_the_time_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    board, clock = FakeBoard(), Clock()
    reckoner = Reckoner(board, clock)  # type: ignore[arg-type]

    def slow() -> list[Row]:
        clock.now_s += 2.0
        return []

    monkeypatch.setattr(board, "rows", slow)
    for _ in range(60):
        board.standing += 1
        reckoner.look()
        clock.now_s += 1.0
    assert board.asked <= 4


def test_building_a_page_reckons_nothing() -> None:
    """It is done by the thread that serves all pages, and with 10,000 devices it would take seconds."""
    board = FakeBoard()
    reckoner = Reckoner(board)  # type: ignore[arg-type]
    with Client(ui.page("")) as page:
        RolloutsPanel(reckoner, board, speak("en"))  # type: ignore[arg-type]
        assert board.asked == 0
        reckoner.look()
        RolloutsPanel(reckoner, board, speak("en"))  # type: ignore[arg-type]
        assert board.asked == 1
        assert sum(getattr(one, "tag", "") == "details" for one in page.elements.values()) == 1
    page.delete()


def test_a_page_has_the_rollouts_from_the_beginning(
    start_dashboard: Callable[..., Any], broker: Any, voice: Any, eventually: Callable[..., bool]
) -> None:
    """What comes after it is shown would move it; and nobody else has reckoned before."""
    voice.say(topics.desired("back-door"), encode(PLAN))
    url = f"{start_dashboard(broker.url).url}/models"
    assert eventually(lambda: b"back-door" in urllib3.request("GET", url).data)


@pytest.fixture
def board(script: Any, tmp_path: Any) -> Iterator[Board]:
    writer = Writer(SqliteHistory(tmp_path / "history.db"))
    opened = Board(script, writer)
    yield opened
    opened.close()
    writer.close()


def test_the_board_tells_of_plans_and_of_what_changes_them(
    board: Board, script: Any, words: Any, eventually: Callable[..., bool]
) -> None:
    script.say(topics.desired("porch"), encode(PLAN))
    assert eventually(lambda: [one.plan for one in board.plans()] == [PLAN])
    before = board.standing
    script.say(topics.state("porch"), words.state())
    script.say(topics.result("porch"), words.result())
    assert eventually(lambda: len(board.rows()) == 1)
    assert board.standing == before
    script.say(topics.update_state("porch"), encode(said()))
    script.say(topics.availability("porch"), b"online")
    assert eventually(lambda: board.standing == before + 2)
    (seen,) = Reckoner(board).look()
    assert isinstance(seen, Rollout)
    assert seen.members == 1


@pytest.mark.parametrize("selector", [":root", ".body--dark"])
@pytest.mark.parametrize("text", ["bad", "warn"])
def test_words_of_alarm_stand_out_on_paper(selector: str, text: str) -> None:
    theme = colours(selector)
    assert contrast(theme[text], theme["paper"]) >= AA
