"""What a conversion does about the Edge TPU: never in the way, never silent."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.convert.edgetpu.conftest import COMPILED, MODEL, QUANTIZED, StandIn

from sagui.convert.edgetpu.attempt import attempt
from sagui.progress.port import Advance


class Told:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[Advance]:  # noqa: ARG002 (the port's signature)
        yield lambda steps=1, note="": None  # noqa: ARG005

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.mark.parametrize("asked", [False, True])
def test_without_a_compiler_it_is_expected_and_the_way_is_told_to_who_asked(asked: bool) -> None:  # noqa: FBT001
    told = Told()
    report, compiled = attempt(QUANTIZED, told, asked=asked)
    assert compiled is None
    assert report.log is None
    assert len(report.expected.verdicts) == 1
    assert any("edgetpu-compiler" in line for line in told.lines) == asked


def test_with_a_compiler_there_is_a_second_file(stand_in: StandIn) -> None:
    stand_in("whole")
    report, compiled = attempt(QUANTIZED, Told(), asked=False)
    assert compiled == COMPILED
    assert report.log is not None
    assert report.failure == ""


def test_a_compiler_that_fails_is_said_and_stops_nothing(stand_in: StandIn) -> None:
    stand_in("internal")
    told = Told()
    report, compiled = attempt(QUANTIZED, told, asked=False)
    assert compiled is None
    assert report.failure
    (said,) = told.lines
    assert said.startswith(f"  no Edge TPU model: {report.failure}; all it said is in ")
    assert ".log" not in report.failure


def test_a_file_the_compiler_would_refuse_is_not_given_to_it(stand_in: StandIn) -> None:
    program = stand_in("whole")
    told = Told()
    report, compiled = attempt(MODEL, told, asked=True)
    assert compiled is None
    assert report.expected.refused
    assert f"  no Edge TPU model: {report.expected.refused[0]}" in told.lines
    assert not (program.parent / "arguments.txt").exists()
