from collections.abc import Callable

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sagui.device.errors import StoreError
from sagui.device.store import Held, Ledger
from sagui.device.store import ledger as rules
from sagui.device.store.ledger import LONGEST_WHY, MOST_FAILED
from sagui.device.store.store import encode_ledger

MOST_STARTS = 3


def held(number: int) -> Held:
    return Held(model="pets", version=f"1.{number}.0", sha256=f"{number:064x}", bytes=number)


class Lives(RuleBasedStateMachine):
    """Changes in any order, as a plan, a person and crashes would bring them."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.starts = 0

    @rule(number=st.integers(0, 9), origin=st.sampled_from(["plan", "order", "poll", "person"]))
    def stage(self, number: int, origin: rules.Origin) -> None:
        self.ledger = rules.stage(self.ledger, held(number), origin, "r1")
        assert self.ledger.staged is not None
        assert self.ledger.staged.tries == 0

    @precondition(lambda self: self.ledger.staged)
    @rule()
    def try_it(self) -> None:
        self.ledger = rules.shadow_staged(rules.try_staged(self.ledger))

    @precondition(lambda self: self.ledger.staged)
    @rule()
    def give_the_try_back(self) -> None:
        self.ledger = rules.untry_staged(self.ledger)

    @precondition(lambda self: self.ledger.staged)
    @rule()
    def refuse(self) -> None:
        staged = self.ledger.staged
        assert staged is not None
        self.ledger = rules.refuse(self.ledger, staged.held, "it disagrees", staged.rollout)
        assert staged.held.version in self.ledger.failed_versions("pets")
        assert self.ledger.staged is None

    @precondition(lambda self: self.ledger.staged)
    @rule()
    def activate(self) -> None:
        before = self.ledger
        self.ledger, self.starts = rules.activate(before), 0
        assert self.ledger.previous == before.current
        assert before.staged is not None
        assert self.ledger.current == before.staged.held

    @rule()
    def start(self) -> None:
        before, self.ledger = self.ledger, rules.start(self.ledger, MOST_STARTS)
        if before.trial is None:
            assert self.ledger == before
            return
        self.starts += 1
        assert (self.ledger.trial is None) == (self.starts > MOST_STARTS)

    @rule()
    def confirm(self) -> None:
        before, self.ledger = self.ledger, rules.confirm(self.ledger)
        assert (self.ledger.current, self.ledger.previous) == (before.current, before.previous)

    @rule()
    def revert(self) -> None:
        before, self.ledger = self.ledger, rules.revert(self.ledger, "it sees nothing")
        if before.current is not None:
            assert self.ledger.current == before.previous
            assert before.current.version in self.ledger.failed_versions("pets")
            assert self.ledger.outcome is not None
            assert self.ledger.outcome.phase == "reverted"

    @rule()
    def lose(self) -> None:
        before, self.ledger = self.ledger, rules.lose(self.ledger, "its file is gone")
        assert self.ledger.failed == before.failed

    @invariant()
    def a_trial_is_of_something(self) -> None:
        assert self.ledger.trial is None or self.ledger.current is not None

    @invariant()
    def all_that_is_named_is_kept(self) -> None:
        slots = [self.ledger.current, self.ledger.previous, self.ledger.staged and self.ledger.staged.held]
        assert {one.sha256 for one in slots if one} == self.ledger.named()

    @invariant()
    def it_is_read_as_it_was_written(self) -> None:
        assert msgspec.json.decode(encode_ledger(self.ledger), type=Ledger) == self.ledger


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


def test_only_so_many_failures_are_remembered_and_each_version_once() -> None:
    ledger = Ledger()
    for number in [*range(MOST_FAILED + 5), MOST_FAILED]:
        ledger = rules.refuse(ledger, held(number), "no")
    versions = [one.version for one in ledger.failed]
    assert len(versions) == len(set(versions)) == MOST_FAILED
    assert versions[-1] == f"1.{MOST_FAILED}.0"


def test_a_long_reason_is_cut_so_that_the_ledger_can_be_read() -> None:
    ledger = rules.refuse(Ledger(), held(1), "x" * 10_000)
    assert len(ledger.failed[0].why) == LONGEST_WHY
    assert msgspec.json.decode(encode_ledger(ledger), type=Ledger) == ledger


@pytest.mark.parametrize("change", [rules.activate, rules.try_staged, rules.shadow_staged, rules.untry_staged])
def test_what_another_program_took_away_is_said(change: Callable[[Ledger], Ledger]) -> None:
    with pytest.raises(StoreError, match="no model is staged any more"):
        change(Ledger())


def test_going_back_leaves_a_staged_model_unless_it_is_the_same_version() -> None:
    def on_trial(next_one: int) -> Ledger:
        return rules.stage(rules.activate(rules.stage(Ledger(), held(1), "plan")), held(next_one), "person")

    assert rules.revert(on_trial(2), "no").staged is not None
    assert rules.revert(on_trial(1), "no").staged is None


def test_the_settings_model_takes_over_without_a_word_against_the_one_on_trial() -> None:
    ledger = rules.supersede(rules.activate(rules.stage(Ledger(), held(1), "plan")))
    assert (ledger.trial, ledger.failed, ledger.outcome) == (None, (), None)
