from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.live.aside import LASTS_S, Aside


class Told:
    """What was told, a look a second."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.lines: list[str] = []
        self._aside = Aside("well again", lambda: self.now_s)

    def looks(self, *seen: str) -> list[str]:
        for wrong in seen:
            self.now_s += 1.0
            if line := self._aside.look(wrong):
                self.lines.append(line)
        return self.lines


def test_what_is_wrong_is_told_once_and_so_is_its_end() -> None:
    assert Told().looks(*["away"] * 9, *[""] * 9, *["away"] * 9) == ["away", "well again", "away"]


def test_what_is_well_from_the_start_is_not_told() -> None:
    assert Told().looks(*[""] * 9) == []


def test_what_passes_at_once_is_not_told() -> None:
    assert Told().looks("not yet", "", "", "", "lost", "", "", "") == []


def test_another_fault_is_told_and_the_same_one_after_a_moment_is_not() -> None:
    assert Told().looks(*["away"] * 4, *["refused"] * 4, "", *["refused"] * 4) == ["away", "refused"]


@given(st.lists(st.sampled_from(["", "away", "refused"])))
def test_no_line_is_told_twice_running_nor_sooner_than_it_lasts(seen: list[str]) -> None:
    told = Told()
    lines = told.looks(*seen)
    assert all(one != other for one, other in pairwise(lines))
    assert len(lines) <= len(seen) / (LASTS_S + 1)
    assert not lines or lines[0] != "well again"
