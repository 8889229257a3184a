"""The table: what is in it, and that it fits."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from tests.deploy.monitor.watching import crowd, fleet_of
from tests.deploy.watch.saying import NOON_S, health, result, state, telemetry, update

from sagui.deploy.monitor.entries import ORDERS, Entry, Order, entries, ordered
from sagui.deploy.monitor.standing import Standing
from sagui.deploy.monitor.table import draw
from sagui.deploy.watch import Fleet
from sagui.wire import ModelRef

HERE = Standing("mqtt://broker:1883", connected=True)
MIXED = {
    "well/availability": b"online",
    "well/state": state(NOON_S - 3 * 3600, "cat", 0.91),
    "well/telemetry": telemetry(),
    "away/availability": b"offline",
    "away/state": state(label="dog"),
    "blind/availability": b"online",
    "blind/health": health(camera="away", problem="the camera gives no frames"),
    "new/availability": b"online",
    "new/update/state": update(phase="downloading", update_percentage=42, in_progress=True),
}


def drawn(
    fleet: Fleet,
    width: int = 80,
    height: int = 24,
    *,
    order: Order = "problems",
    standing: Standing = HERE,
    now_s: float = NOON_S,
    colours: bool = False,
) -> list[str]:
    lines = ordered(entries(fleet.rows(), None, now_s), order, now_s)
    system: Literal["standard"] | None = "standard" if colours else None
    console = Console(width=width, height=height, force_terminal=colours, color_system=system)

    def scores(entry: Entry) -> Sequence[float | None]:
        return fleet.scores(entry.row.device, None, now_s)

    with console.capture() as captured:
        console.print(draw(lines, standing, now_s, (width, height), scores))
    return captured.get().splitlines()


def column(lines: list[str]) -> list[str]:
    """The names of the devices, in their order."""
    return [line[2:].split(" ")[0] for line in lines[1:] if line[1:2] == " "]


def test_at_80_columns_all_that_was_asked_for_is_there() -> None:
    lines = drawn(fleet_of(MIXED))
    assert lines[0].split() == ["device", "label", "score", "since", "fps", "p95", "temp", "outbox", "version"]
    well = next(line for line in lines if " well " in line)
    assert well.split() == ["well", "cat", "91%", "3h", "10.0", "65ms", "61°", "3", "1.3.0"]
    assert any("new" in line and "1.3.0 downl" in line for line in lines)
    assert "blind: camera away: the camera gives no frames" in lines
    assert lines[-1].startswith("3 online, 1 offline, 1 with problems  ")
    assert "mqtt://broker:" in lines[-1]


def test_those_with_problems_come_first_then_who_is_away_then_updates() -> None:
    assert column(drawn(fleet_of(MIXED)))[:4] == ["blind", "away", "new", "well"]
    assert [line[0] for line in drawn(fleet_of(MIXED))[1:5]] == ["!", "x", ">", " "]


def test_what_is_away_or_silent_shows_no_old_label() -> None:
    fleet = fleet_of(MIXED)
    text = "\n".join(drawn(fleet, now_s=NOON_S + 300))
    assert "dog" not in text
    assert "offline" in text
    assert "silent 5m" in text
    assert "91%" not in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 132, 250])
@pytest.mark.parametrize("height", [3, 8, 24, 60])
def test_it_is_no_wider_and_no_higher_than_the_terminal(width: int, height: int) -> None:
    long = "a-very-long-name-of-a-device-that-somebody-gave-it-0001"
    said = crowd(100) | MIXED | {f"{long}/state/door": state(label="日本語" * 90, stream="door")}
    lines = drawn(fleet_of(said), width, height)
    assert max(map(cell_len, lines)) <= width
    assert len(lines) <= max(height, 6)


def test_columns_go_one_after_the_other_where_there_is_less_room() -> None:
    heads = [set(drawn(fleet_of(MIXED), width)[0].split()) for width in (132, 80, 60, 48, 36, 24)]
    assert all(fewer < more for more, fewer in pairwise(heads))
    assert heads[-1] >= {"device", "label"}


def test_of_more_devices_than_lines_those_with_problems_are_shown_and_the_others_counted() -> None:
    said = crowd(500) | {"cam-499/health": health(problem="the lens is dirty")}
    lines = drawn(fleet_of(said))
    assert len(lines) == 24
    assert column(lines)[:4] == ["cam-499", "cam-0", "cam-1", "cam-2"]
    assert "and 480 more" in lines
    assert lines[-1].startswith("500 online, 1 with problems")


def test_problems_that_are_not_shown_are_counted() -> None:
    said = crowd(100) | {f"cam-{number}/health": health(problem="dirty") for number in range(50)}
    assert any("more, 33 of them with problems" in line for line in drawn(fleet_of(said)))


def test_long_names_keep_their_ends() -> None:
    said = {f"building-seven-entrance-north-camera-000{number}/state": state() for number in range(3)}
    names = column(drawn(fleet_of(said)))[:3]
    assert [name[-4:] for name in names] == ["0000", "0001", "0002"]
    assert all("…" in name for name in names)


def test_nothing_that_a_device_says_moves_the_cursor_or_is_markup() -> None:
    bad = "\x1b[2J\x07\r\n\t\x9b31m[bold]<b>\u202e" + "x" * 30
    said = {
        "evil/availability": b"online",
        "evil/state": state(label=bad, model=ModelRef(name=bad, version=bad)),
        "evil/health": health(problem=bad),
        "evil/telemetry": telemetry(throttled=(bad,)),
        "evil/update/state": update(phase="failed", error=bad),
        "evil2/state": b'{"v": "\x1b[2J"}',
    }
    text = "\n".join(drawn(fleet_of(said), 200))
    assert not [letter for letter in text.replace("\n", "") if not letter.isprintable()]
    assert "[bold]<b>" in text


def test_a_flood_a_newer_version_and_a_wrong_clock_are_told() -> None:
    said = {"evil/health": health().replace(b'"v":1', b'"v":2'), "late/telemetry": telemetry(NOON_S - 7200)}
    fleet = fleet_of(said)
    for _ in range(1000):
        fleet.take("sagui/flood/result", result(), NOON_S, retained=False)
    lines = drawn(fleet, 160)
    assert any("says version 2" in line and "newer than this sagui" in line for line in lines)
    assert "flood: a flood: 1,000 messages in a second" in lines
    assert "late: its clock is 2h behind" in lines


def test_the_broker_and_what_was_left_out_are_told_below() -> None:
    away = Standing("mqtt://broker:1883", why="Connection\x1b refused", lost=3, odd=1, odd_topic="sagui/\x07x/state")
    lines = drawn(Fleet(), standing=away)
    assert lines[-2] == "mqtt://broker:1883 is away: Connection refused; trying again"
    assert lines[-1].startswith("no device has said anything yet")
    assert any("3 messages came too quickly" in line for line in lines)
    assert any("the last: sagui/ x/state" in line for line in lines)
    assert drawn(Fleet(), standing=Standing("mqtt://broker:1883"))[-2] == "connecting to mqtt://broker:1883"


def test_without_colours_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(drawn(fleet_of(MIXED), colours=True))
    assert "\x1b[3" not in plain
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[3" in "\n".join(drawn(fleet_of(MIXED), colours=True))


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("device", ["cam-2", "cam-9", "cam-10", "mute"]),
        ("label", ["cam-10", "cam-9", "cam-2", "mute"]),
        ("score", ["cam-9", "cam-10", "cam-2", "mute"]),
        ("since", ["cam-10", "cam-9", "cam-2", "mute"]),
        ("fps", ["cam-2", "cam-10", "cam-9", "mute"]),
        ("version", ["cam-9", "cam-2", "cam-10", "mute"]),
    ],
)
def test_it_can_be_sorted_by_a_column(order: Order, names: list[str]) -> None:
    said = {"mute/availability": b"online"}
    for number, label, score, fps in ((10, "ant", 0.5, 2.0), (9, "bee", 0.9, 1.0), (2, "cow", 0.1, 3.0)):
        model = ModelRef(name="pets", version="1.0.0" if number == 9 else "1.1.0")
        said[f"cam-{number}/state"] = state(NOON_S - 100 + number, label, score, model=model)
        said[f"cam-{number}/telemetry"] = telemetry(fps=fps, model=model)
    assert column(drawn(fleet_of(said), order=order))[:4] == names


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_takes_every_device(order: Order) -> None:
    assert set(column(drawn(fleet_of(MIXED), order=order))) >= {"well", "away", "blind", "new"}


@given(st.lists(st.text(max_size=20), min_size=2, max_size=4), st.sampled_from(ORDERS))
def test_no_label_is_too_odd_to_be_sorted(labels: list[str], order: Order) -> None:
    said = {f"cam-{number}/state": state(label=label) for number, label in enumerate((*labels, "\u00b2", "2"))}
    assert len(ordered(entries(fleet_of(said).rows(), None, NOON_S), order, NOON_S)) == len(said)


@given(st.text(max_size=40), st.floats(0, 1e308), st.floats(0, 1e308), st.floats(-1e308, 1e308), st.integers(0, 2**63))
def test_whatever_the_numbers_and_texts_are_a_line_stays_a_line(
    label: str, fps: float, p95_ms: float, temperature_c: float, waiting: int
) -> None:
    numbers = telemetry(fps=fps, temperature_c=temperature_c)
    numbers = numbers.replace(b'"p95":64.8', f'"p95":{p95_ms!r}'.encode())
    numbers = numbers.replace(b'"waiting":3', f'"waiting":{waiting}'.encode())
    said = {"porch/state": state(label=label), "porch/telemetry": numbers, "porch/availability": b"online"}
    lines = drawn(fleet_of(said))
    assert all(cell_len(line) <= 80 for line in lines)
    assert lines[-1].startswith("1 online")
    assert len(lines) <= 4
