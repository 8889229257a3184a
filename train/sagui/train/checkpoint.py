"""A training that is under way, kept on disk at the end of epochs, so that it can go on where it was interrupted."""

import dataclasses
import errno
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np
import numpy.typing as npt

from sagui.bundle.replace import write_bytes
from sagui.train.errors import RunError
from sagui.train.watch import Epoch

_FILE = "checkpoint.npz"
_EVERY_S = 2.0
_REMEDY = {errno.ENOSPC: "make room", errno.EDQUOT: "make room"}

# Attributes of Keras' callbacks that decide how a training goes on.
_KEPT: dict[type, tuple[str, ...]] = {
    keras.callbacks.EarlyStopping: ("wait", "best", "best_epoch", "stopped_epoch"),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
    keras.callbacks.SwapEMAWeights: ("_ema_weights_in_model",),
}


@dataclass(frozen=True)
class Saved:
    """What was saved at the end of an epoch.

    Attributes:
        phase: Which phase of the training.
        epoch: How many of its epochs are done.
        done: Whether the phase ended with it.
        rows: The history so far.
        model: The learner's variables, random states included.
        optimizer: The optimizer's variables.
        best: The best epoch's weights.
        callbacks: State of callbacks by class name.
    """

    phase: str
    epoch: int
    done: bool
    rows: tuple[Epoch, ...]
    model: tuple[npt.NDArray[Any], ...]
    optimizer: tuple[npt.NDArray[Any], ...]
    best: tuple[npt.NDArray[Any], ...]
    callbacks: dict[str, dict[str, Any]]


class Checkpoints:
    """Keeps the last epoch in a folder."""

    def __init__(self, folder: Path | None, begin: Callable[[], None] | None = None) -> None:
        """Prepares.

        Args:
            folder: Where; None keeps nothing.
            begin: Called before the first save.
        """
        self._path = None if folder is None else folder / _FILE
        self._begin = begin
        self._due = 0.0

    def due(self) -> bool:
        """Whether the last save is long enough ago; epochs of milliseconds would otherwise wait for the disk."""
        return monotonic() >= self._due

    def save(
        self,
        phase: str,
        epoch: int,
        model: keras.Model,
        callbacks: Sequence[keras.callbacks.Callback],
        rows: Sequence[Epoch],
        *,
        done: bool,
    ) -> None:
        """Replaces what is kept.

        Raises:
            RunError: The disk is full or cannot be written; what was kept before still is.
        """
        if self._path is None:
            return
        about = {
            "phase": phase,
            "epoch": epoch,
            "done": done,
            "rows": [dataclasses.asdict(row) for row in rows],
            "callbacks": {type(one).__name__: _state(one) for one in callbacks if type(one) in _KEPT},
        }
        best = next((one.best_weights for one in callbacks if isinstance(one, keras.callbacks.EarlyStopping)), None)
        groups = {"m": model.variables, "o": model.optimizer.variables, "b": best or []}
        arrays = {
            f"{group}{number:05d}": np.asarray(value)
            for group, values in groups.items()
            for number, value in enumerate(values)
        }
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)
        try:
            if self._begin:
                self._begin()
                self._begin = None
            write_bytes(self._path, content.getvalue())
        except OSError as error:
            remedy = _REMEDY.get(error.errno or 0, "mend it")
            raise RunError(
                f"{self._path}: the epoch cannot be kept: {error.strerror}; {remedy}, and go on with --resume"
            ) from error
        self._due = monotonic() + _EVERY_S

    def load(self) -> Saved | None:
        """What is kept, if anything is.

        Raises:
            RunError: It cannot be read.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            with np.load(self._path, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                names = sorted(file.files)
                groups = {
                    group: tuple(file[name] for name in names if name[0] == group and name != "about")
                    for group in ("m", "o", "b")
                }
            return Saved(
                phase=about["phase"],
                epoch=about["epoch"],
                done=about["done"],
                rows=tuple(Epoch(**row) for row in about["rows"]),
                model=groups["m"],
                optimizer=groups["o"],
                best=groups["b"],
                callbacks=about["callbacks"],
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise RunError(f"{self._path}: cannot be read: {error}; start again with --overwrite") from error


def restore(saved: Saved, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Puts a learner and its callbacks back to where they were.

    Args:
        saved: It.
        model: The compiled learner, as it was built at first.
        callbacks: Those of the phase, after their ``on_train_begin``.

    Raises:
        RunError: It was saved by another network.
    """
    model.optimizer.build(model.trainable_variables)
    for variables, arrays in ((model.variables, saved.model), (model.optimizer.variables, saved.optimizer)):
        if [tuple(one.shape) for one in variables] != [array.shape for array in arrays]:
            raise RunError("what is to be resumed was another network; start again with --overwrite")
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
    for one in callbacks:
        for name, value in saved.callbacks.get(type(one).__name__, {}).items():
            setattr(one, name, value)
        if isinstance(one, keras.callbacks.EarlyStopping) and saved.best:
            one.best_weights = list(saved.best)


def _state(callback: keras.callbacks.Callback) -> dict[str, Any]:
    return {
        name: float(value) if isinstance(value := getattr(callback, name), np.floating) else value
        for name in _KEPT[type(callback)]
    }
