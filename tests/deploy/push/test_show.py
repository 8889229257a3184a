import io

from rich.console import Console

from sagui.deploy.push.fleet import Outcome
from sagui.deploy.push.hosts import Host
from sagui.deploy.push.show import ShownBoard, table

PORCH, SHED = Host("porch", "pi"), Host("shed", "pi", 2222)


def test_elsewhere_than_on_a_terminal_each_step_is_a_line_once() -> None:
    out = io.StringIO()
    with ShownBoard(Console(file=out, width=60)) as board:
        board.at(PORCH, "connecting")
        for share in (0.0, 0.5, 1.0):
            board.at(PORCH, "copying", share)
        board.ended(PORCH, "no [bold]room[/] \x07here", ok=False)
    assert out.getvalue() == "pi@porch: connecting\npi@porch: copying\npi@porch: no [bold]room[/] here\n"


def test_on_a_terminal_each_device_has_one_line_that_moves() -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system=None)
    with ShownBoard(console) as board:
        board.at(PORCH, "copying", 0.42)
        board.at(SHED, "shadow", None)
        board._bars.refresh()
        moving = out.getvalue()
        board.ended(PORCH, "toy 1.2.3 confirmed", ok=True)
    assert "copying 42%" in moving
    assert "pi@shed:2222" in moving
    assert "pi@porch: toy 1.2.3 confirmed" in out.getvalue()
    assert "copying 42%" not in out.getvalue().rpartition("confirmed")[2]


def test_a_bar_that_was_full_moves_again_and_so_does_its_clock() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with ShownBoard(console) as board:
        board.at(PORCH, "copying", 1.0)
        board.at(PORCH, "shadow")
        (task,) = board._bars.tasks
        assert task.total is None
        assert not task.finished


def test_the_table_tells_all_devices() -> None:
    out = io.StringIO()
    outcomes = [Outcome(PORCH, ok=True, words="toy 1.2.3 confirmed", seconds=12.3), Outcome(SHED, False, "[red]", 1)]
    Console(file=out, width=100).print(table(outcomes))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1] == ["pi@porch", "ok", "toy", "1.2.3", "confirmed", "12"]
    assert lines[2] == ["pi@shed:2222", "failed", "[red]", "1"]
