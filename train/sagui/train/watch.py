"""What looks on while Keras learns: progress, history, and the reasons to stop."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import keras

from sagui.progress import Advance
from sagui.train.batches import Batches
from sagui.train.errors import TrainError

RANK = "val_rank"
_LOSS_SHARE, _WORST_LOSS = 1e-9, 1e3  # together less than what one photo of a million is of an accuracy


@dataclass(frozen=True)
class Epoch:
    """A row of ``history.csv``."""

    phase: str
    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


class DrawEpoch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Tells the batches which epoch it is."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Called by Keras."""
        self._batches.epoch = epoch


class StopOnNaN(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Ends a training whose loss is no number any more.

    Raises:
        TrainError: With the step and the likely cause.
    """

    def __init__(self, learning_rate: float) -> None:
        super().__init__()
        self._learning_rate = learning_rate
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Called by Keras."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise TrainError(
                f"the loss became {loss} in step {batch + 1} of epoch {self._epoch + 1}: most likely the learning rate "
                f"({self._learning_rate:g}) is too high; try a tenth of it with --set optimizer.learning_rate=..., "
                "measure one with --find-lr, or limit the gradient with --set optimizer.clip_norm=1"
            )


class Rank(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Tells epochs of the same validation accuracy apart by their loss: few photos have few accuracies."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Called by Keras; the others find it in the same logs."""
        if logs is not None:
            logs[RANK] = logs["val_accuracy"] - _LOSS_SHARE * min(logs["val_loss"], _WORST_LOSS)


class StopAtAccuracy(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Ends a training as soon as the validation accuracy is good enough."""

    def __init__(self, target: float) -> None:
        super().__init__()
        self._target = target

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Called by Keras."""
        if (logs or {}).get("val_accuracy", 0.0) >= self._target:
            self.model.stop_training = True


class Record(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Writes a row for each epoch, and shows each step."""

    def __init__(self, phase: str, rows: list[Epoch], advance: Advance, keep: Callable[[int], None]) -> None:
        """Prepares.

        Args:
            phase: Of the training.
            rows: The history; grows.
            advance: Called for each step.
            keep: Called with the number of epochs done, when the row is there.
        """
        super().__init__()
        self._phase, self._rows, self._advance, self._keep = phase, rows, advance, keep
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Called by Keras."""
        self._start = perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Called by Keras."""
        self._advance(1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras."""
        values = logs or {}
        row = Epoch(
            phase=self._phase,
            epoch=epoch + 1,
            loss=float(values["loss"]),
            accuracy=float(values["accuracy"]),
            validation_loss=float(values["val_loss"]),
            validation_accuracy=float(values["val_accuracy"]),
            learning_rate=float(self.model.optimizer.learning_rate),
            seconds=round(perf_counter() - self._start, 3),
        )
        self._rows.append(row)
        self._advance(0, f"epoch {row.epoch}, validation accuracy {row.validation_accuracy:.1%}")
        self._keep(epoch + 1)
