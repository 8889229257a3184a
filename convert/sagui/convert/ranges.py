"""How far activations reach, and whether enough photos were looked at to know."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import msgspec
import numpy as np
import numpy.typing as npt

from sagui.convert.errors import CalibrationError
from sagui.convert.photos import Pixels
from sagui.progress import SILENT, Progress

_BATCH = 16
_GREW = 0.1
_MANY = 0.1


class Calibrated(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the representative photos tell the ranges.

    Attributes:
        photos: How many there were.
        layers: How many layers were looked at.
        grew: Names of the layers whose range grew by more than a tenth in the second half of the photos.
        constant: Names of the layers that give one and the same number for every photo.
    """

    photos: int
    layers: int
    grew: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether the ranges stopped moving: at most a tenth of them grew."""
        return len(self.grew) <= _MANY * self.layers

    def sentences(self) -> list[str]:
        """What a person should know about it."""
        said = []
        if not self.enough:
            said.append(
                f"the ranges of {len(self.grew)} of {self.layers} layers still grew by more than "
                f"{_GREW:.0%} in the second half of {self.photos} photos: calibrate with more (--calibration)"
            )
        if self.constant:
            said.append(
                f"{len(self.constant)} of {self.layers} layers give the same number for every photo "
                f"({', '.join(self.constant[:3])}): they learned nothing, or died"
            )
        return said


@dataclass(frozen=True)
class Extremes:
    """The least and the largest activation.

    Attributes:
        names: Of the layers.
        low: ``(photos, layers)``, in the order in which the photos were looked at.
        high: Likewise.
    """

    names: tuple[str, ...]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]


def find_extremes(model: keras.Model, photos: Sequence[Pixels], progress: Progress = SILENT) -> Extremes:
    """Runs photos through a network and notes how far each layer reaches.

    Args:
        model: From photos ``(batch, height, width, 3)``, 0-255.
        photos: Each ``(height, width, 3)``.
        progress: Told of each batch.
    """
    watched = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    ends = [
        keras.ops.stack([reduce(layer.output, axis=range(1, len(layer.output.shape))) for reduce in _REDUCE], axis=1)
        for layer in watched
    ]
    watcher = keras.Model(model.inputs[0], keras.ops.stack(ends, axis=1))
    found = []
    with progress.task(f"Find the ranges of {len(watched)} layers", len(photos)) as advance:
        for start in range(0, len(photos), _BATCH):
            batch = np.stack(photos[start : start + _BATCH]).astype(np.float32)
            found.append(np.asarray(watcher.predict_on_batch(batch)))
            advance(len(batch))
    ranges = np.concatenate(found)
    return Extremes(tuple(layer.name for layer in watched), ranges[..., 0], ranges[..., 1])


_REDUCE = (keras.ops.min, keras.ops.max)


def check_ranges(extremes: Extremes) -> Calibrated:
    """Tells whether ranges are finite, whether they vary, and whether they stopped moving.

    Raises:
        CalibrationError: An activation is not a finite number; the message names the first layer.
    """
    finite = np.isfinite(extremes.low).all(axis=0) & np.isfinite(extremes.high).all(axis=0)
    if not finite.all():
        first = extremes.names[int(np.argmin(finite))]
        raise CalibrationError(
            f"layer {first!r} gives NaN or infinity for a training photo: the network is broken from there on; "
            "train again with a lower rate (optimizer.learning_rate)"
        )
    half = _range(extremes, (len(extremes.low) + 1) // 2)
    whole = _range(extremes, len(extremes.low))
    grew = whole - half > _GREW * whole
    constant = extremes.low.min(axis=0) == extremes.high.max(axis=0)
    return Calibrated(
        photos=len(extremes.low),
        layers=len(extremes.names),
        grew=_chosen(extremes.names, grew),
        constant=_chosen(extremes.names, constant),
    )


def _range(extremes: Extremes, count: int) -> npt.NDArray[np.float32]:
    """As quantization sees it: zero is always within."""
    high = np.maximum(extremes.high[:count].max(axis=0), 0)
    return np.asarray(high - np.minimum(extremes.low[:count].min(axis=0), 0))


def _chosen(names: Sequence[str], which: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(name for name, chosen in zip(names, which, strict=True) if chosen)
