"""What looks on while Keras learns."""

import keras
import numpy as np
import pytest

from sagui.train.errors import TrainError
from sagui.train.watch import RANK, Epoch, Rank, Record, StopAtAccuracy, StopOnNaN


def model() -> keras.Model:
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    network.compile(
        keras.optimizers.SGD(0.5), keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    return network


X = np.array([[0, 1], [1, 0]] * 8, np.float32)
Y = X


def fit(*callbacks: keras.callbacks.Callback, x: np.ndarray = X) -> None:
    model().fit(x, Y, validation_data=(X, Y), epochs=4, batch_size=8, verbose=0, callbacks=list(callbacks))


def test_it_stops_at_the_step_where_the_loss_is_no_number() -> None:
    x = X.copy()
    x[:] = np.inf
    with pytest.raises(TrainError, match=r"the loss became nan in step 1 of epoch 1: .*learning rate \(0.5\)"):
        fit(StopOnNaN(0.5), x=x)


def ignore(steps: int = 1, note: str = "") -> None:
    pass


def test_it_stops_when_it_is_good_enough() -> None:
    rows: list[Epoch] = []
    fit(StopAtAccuracy(0.9), Record("probe", rows, ignore, lambda _: None))
    assert rows[-1].validation_accuracy >= 0.9
    assert all(row.validation_accuracy < 0.9 for row in rows[:-1])


def test_of_the_same_accuracy_the_lower_loss_is_better() -> None:
    def rank(accuracy: float, loss: float) -> float:
        logs = {"val_accuracy": accuracy, "val_loss": loss}
        Rank().on_epoch_end(0, logs)
        return logs[RANK]

    assert rank(0.9, 0.2) > rank(0.9, 0.3)
    assert rank(0.9, 50.0) > rank(0.9 - 1e-5, 0.0)
    assert rank(0.5, float("inf")) > rank(0.49, 0.0)


def test_every_step_is_shown_and_every_epoch_is_kept() -> None:
    rows: list[Epoch] = []
    stepped: list[int] = []
    notes: list[str] = []
    done: list[int] = []

    def advance(steps: int = 1, note: str = "") -> None:
        stepped.append(steps)
        notes.append(note)

    fit(Record("probe", rows, advance, done.append))
    assert sum(stepped) == 8
    assert done == [1, 2, 3, 4]
    assert [row.epoch for row in rows] == done
    assert all(row.phase == "probe" and row.learning_rate == 0.5 for row in rows)
    assert any("epoch 4, validation accuracy" in note for note in notes)
