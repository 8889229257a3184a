"""What the curves of a training are taken to mean."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.report.diagnosis import diagnose

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """An epoch."""

    phase: str
    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float = 0.001
    seconds: float = 1.0


def history(
    loss: Numbers,
    validation_loss: Numbers,
    accuracy: Numbers | None = None,
    validation_accuracy: Numbers | None = None,
    phase: str = "train",
) -> list[Row]:
    """An epoch for each loss; accuracies, if not given, climb to 95 %."""
    climb = np.linspace(0.6, 0.95, len(loss))
    columns = (loss, climb if accuracy is None else accuracy, validation_loss)
    last = climb if validation_accuracy is None else validation_accuracy
    return [Row(phase, at, *map(float, row)) for at, row in enumerate(zip(*columns, last, strict=True), 1)]


FALLING = np.exp(-np.linspace(0, 4, 20))
LEVEL = 0.3 + 0.7 * np.exp(-np.linspace(0, 12, 20))


def test_a_validation_loss_that_rises_while_training_goes_on_is_overfitting() -> None:
    rising = np.concatenate([np.linspace(1, 0.4, 8), np.linspace(0.42, 0.9, 12)])
    said = diagnose(history(FALLING, rising))
    assert said.startswith("Overfitting: after epoch 8 of 20 the validation loss rises (0.4 to 0.8")
    assert "the training loss goes on falling" in said


def test_many_training_photos_right_and_few_others_is_overfitting() -> None:
    said = diagnose(history(LEVEL, LEVEL, np.linspace(0.6, 0.99, 20), np.linspace(0.6, 0.80, 20)))
    assert said.startswith("Overfitting: at the end 96.9 % of the training photos are right, but only 78.9 %")


def test_losses_that_rise_together_are_no_overfitting() -> None:
    rising = np.concatenate([np.linspace(1, 0.4, 8), np.linspace(0.42, 0.6, 12)])
    assert not diagnose(history(rising, rising)).startswith("Overfitting")


def test_a_rise_that_does_not_matter_is_none() -> None:
    wobbling = LEVEL + 0.01 * np.sin(np.arange(20))
    assert diagnose(history(LEVEL, wobbling)).startswith("No sign of trouble")
    tiny = np.concatenate([np.geomspace(1, 0.001, 10), np.full(10, 0.002)])
    assert not diagnose(history(np.geomspace(1, 0.0005, 20), tiny)).startswith("Overfitting")


def test_a_loss_that_still_falls_at_the_end_wants_more_epochs() -> None:
    said = diagnose(history(FALLING, FALLING + 0.1))
    assert said.startswith("Still improving")
    assert "More epochs may help" in said


def test_a_loss_that_is_no_number_has_diverged() -> None:
    broken = FALLING.copy()
    broken[7:] = np.nan
    assert diagnose(history(broken, FALLING)).startswith("Diverged: the loss is no number any more in epoch 8 (train)")
    assert diagnose(history(FALLING, np.where(np.isnan(broken), np.inf, broken))).startswith("Diverged")


def test_a_loss_that_climbs_has_diverged() -> None:
    said = diagnose(history(np.linspace(0.7, 3, 20), np.linspace(0.7, 3, 20), np.full(20, 0.5), np.full(20, 0.5)))
    # It learned nothing either, but that it climbed says more.
    assert said.startswith("Diverged: the training loss ends at 2.")


def test_a_loss_that_does_not_move_is_no_learning() -> None:
    flat = np.full(20, 0.693) - 0.0001 * np.arange(20)
    assert diagnose(history(flat, flat, np.full(20, 0.5), np.full(20, 0.5))).startswith("No learning: in 20 epochs")


def test_a_network_that_was_good_from_the_start_has_learned() -> None:
    flat = np.full(20, 0.1)
    assert diagnose(history(flat, flat, np.full(20, 0.97), np.full(20, 0.97))).startswith("No sign of trouble")


def test_a_network_that_cannot_even_name_its_own_photos_underfits() -> None:
    said = diagnose(history(LEVEL, LEVEL, np.linspace(0.3, 0.55, 20), np.linspace(0.3, 0.54, 20)))
    assert said.startswith("Underfitting: even of the photos it learns from, no more than 55.0 %")


def test_a_second_phase_that_ends_worse_has_unlearned() -> None:
    probe = history(LEVEL, LEVEL, phase="probe")
    fine_tune = history(np.full(6, 0.6), np.full(6, 0.6), np.full(6, 0.7), np.full(6, 0.7), phase="fine-tune")
    said = diagnose(probe + fine_tune)
    assert said.startswith("Unlearned: after the phase probe, 93.2 % of the validation photos were right, and at best")


def test_the_last_phase_decides() -> None:
    overfit = np.concatenate([np.linspace(1, 0.4, 8), np.linspace(0.42, 0.9, 12)])
    probe = history(FALLING, overfit, phase="probe")
    fine_tune = history(LEVEL, LEVEL, np.full(20, 0.96), np.full(20, 0.96), phase="fine-tune")
    assert diagnose(probe + fine_tune).startswith("No sign of trouble")


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_few_epochs_say_nothing(epochs: int) -> None:
    said = diagnose(history(FALLING[:epochs], FALLING[:epochs]))
    assert said.startswith(f"Too short to tell: {epochs} epoch")


def test_no_epochs_say_that() -> None:
    assert diagnose([]) == "No epoch was recorded."


NUMBERS = st.floats(0, 1e6) | st.just(float("nan")) | st.just(float("inf"))
SHARES = st.floats(0, 1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["probe", "fine-tune"]), NUMBERS, SHARES, NUMBERS, SHARES), max_size=30))
def test_something_is_said_of_every_history(rows: list[tuple[str, float, float, float, float]]) -> None:
    said = diagnose([Row(phase, at, *numbers) for at, (phase, *numbers) in enumerate(rows, 1)])
    assert said.endswith(".")
    assert "nan" not in said
