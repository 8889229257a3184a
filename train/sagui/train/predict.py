"""Photos through a network, in batches, wherever they run."""

import functools
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sagui.progress import SILENT, Progress
from sagui.train.engine import LOCAL, Engine
from sagui.train.engine.port import single_threaded
from sagui.train.store import RecordStore

BATCH = 64


@dataclass(frozen=True)
class SharedModel:
    """A network that can travel.

    Attributes:
        model: It, where it need not.
        content: A ``.keras`` file, where it must.
        digest: Names the content, so that a process reads it once.
    """

    model: keras.Model | None = None
    content: bytes = b""
    digest: str = ""

    @classmethod
    def of(cls, model: keras.Model, engine: Engine) -> "SharedModel":
        """A network as an engine's tasks need it."""
        if not engine.remote:
            return cls(model)
        with tempfile.TemporaryDirectory(prefix="sagui-") as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            content = path.read_bytes()
        return cls(None, content, hashlib.sha256(content).hexdigest())

    def load(self) -> keras.Model:
        """The network."""
        return self.model if self.model is not None else _load(_Content(self.digest, self.content))


@dataclass(frozen=True)
class _Content:
    """Bytes that are equal when their names are."""

    digest: str
    content: bytes

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and other.digest == self.digest


@functools.lru_cache(maxsize=2)
def _load(content: _Content) -> keras.Model:
    with tempfile.TemporaryDirectory(prefix="sagui-") as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content.content)
        return keras.models.load_model(path, compile=False)


@single_threaded
def predict_batch(shared: SharedModel, photos: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Runs one batch, filled up to a fixed size: TensorFlow compiles anew for each size it meets.

    Args:
        shared: The network.
        photos: At most `BATCH` of them, ``(batch, height, width, 3)``, 0-255.
    """
    missing = BATCH - len(photos)
    floats = photos.astype(np.float32)
    filled = np.pad(floats, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else floats
    return np.asarray(shared.load().predict_on_batch(filled), np.float32)[: len(photos)]


def predict(
    model: keras.Model,
    pixels: RecordStore,
    keys: Sequence[str],
    what: str,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
) -> npt.NDArray[np.float32]:
    """Runs photos through a network as they are.

    Args:
        model: From photos to probabilities.
        pixels: The photos' pixels by key.
        keys: Which photos.
        what: What goes on, for the progress.
        engine: Runs the batches.
        progress: Told of each batch.

    Returns:
        Probabilities ``(keys, labels)``.
    """

    def batches() -> Iterator[npt.NDArray[Any]]:
        for start in range(0, len(keys), BATCH):
            yield pixels.take(keys[start : start + BATCH])

    outputs = [np.empty((0, int(model.output_shape[-1])), np.float32)]
    with progress.task(what, len(keys)) as advance:
        for scores in engine.map(predict_batch, SharedModel.of(model, engine), batches()):
            outputs.append(scores)
            advance(len(scores))
    return np.concatenate(outputs)
