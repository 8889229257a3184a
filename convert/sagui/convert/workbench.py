"""What all ways to convert one run share, each made once."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from sagui.convert.calibrate import check_count, choose_photos, representative
from sagui.convert.evaluate import Scored
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.modes import MODES, Mode
from sagui.convert.options import Options
from sagui.convert.photos import Pixels, RunPhotos
from sagui.convert.quantize import Quantizer
from sagui.convert.ranges import Calibrated, check_ranges, find_extremes
from sagui.convert.tighten import tighten
from sagui.progress import Progress
from sagui.train.run import Part, Run

_KERAS_BATCH = 64


@dataclass
class Workbench:
    """A run on its way to a TFLite file.

    Attributes:
        name: Of the bundle.
        run: What is converted.
        model: Its network.
        photos: Its photos.
        options: How it is converted.
        scratch: A folder for what is in between.
        log: The file for what the converter says when it fails.
        progress: Told of every step.
    """

    name: str
    run: Run
    model: keras.Model
    photos: RunPhotos
    options: Options
    scratch: Path
    log: Path
    progress: Progress

    @cached_property
    def float_file(self) -> bytes:
        """The network as a TFLite file of floats.

        Raises:
            ExportError: It cannot be exported.
        """
        return self.quantize(MODES["none"])

    @cached_property
    def representatives(self) -> list[Pixels]:
        """Training photos that tell the ranges, each ``(height, width, 3)``.

        Raises:
            CalibrationError: They cannot tell them.
        """
        training = self.run.split["train"]
        check_count(training, self.run.labels, self.options.calibration)
        chosen = choose_photos(training, self.options.calibration, self.run.recipe.seed)
        return self.photos.all(chosen)

    @cached_property
    def calibrated(self) -> Calibrated:
        """Whether they tell the ranges.

        Raises:
            CalibrationError: An activation is not a finite number.
        """
        found = check_ranges(find_extremes(self.model, self.representatives, self.progress))
        for sentence in found.sentences():
            self.progress.say(f"  {sentence}")
        return found

    @cached_property
    def parent(self) -> Scored:
        """The float network's scores of the test photos, calibrated by the run's temperature."""
        temperature = self.run.metrics.quality.calibration.temperature
        return self._score_keras("test").calibrated(temperature)

    def quantize(self, mode: Mode) -> bytes:
        """Converts the network, by a mode that the converter knows, and mends what the converter does badly.

        Raises:
            ConvertError: It cannot be exported, or the photos do not tell the ranges.
        """
        model = self.convert(mode)
        return self._tightened(model) if mode.name == "int8" else model

    def convert(self, mode: Mode) -> bytes:
        """Converts the network, as the converter does it.

        Raises:
            ConvertError: See `quantize`.
        """
        folder = self._saved_model(mode.saved_model_dtype)
        photos = representative(self.representatives, mode.saved_model_dtype) if mode.calibrated else None
        if mode.calibrated:
            _ = self.calibrated
        quantizer = Quantizer(mode, self.options.io, self.options.edgetpu_friendly, photos)
        count = f" with {len(self.representatives)} representative photos" if mode.calibrated else ""
        what = f"Quantize to {mode.name}{count}" if mode.name != "none" else "Convert to a file of floats"
        with self.progress.task(what):
            return convert_saved_model(folder, quantizer, self.log)

    def _tightened(self, model: bytes) -> bytes:
        plain = self.float_file
        with self.progress.task("Take back what calibration gave away"):
            return tighten(model, plain, representative(self.representatives, "uint8"))

    def _saved_model(self, dtype: str) -> Path:
        folder = self.scratch / dtype
        if not folder.exists():
            with self.progress.task(f"Export the network for {dtype} pixels"):
                export_saved_model(self.model, folder, dtype)
        return folder

    def _score_keras(self, part: Part) -> Scored:
        scores, truth = [], []
        total = len(self.run.split[part])
        with self.progress.task(f"Evaluate the float network on the {part} photos", total) as advance:
            for batch in _batches(self.photos.of(part), _KERAS_BATCH):
                pixels = np.stack([pixels for pixels, _ in batch]).astype(np.float32)
                scores.append(np.asarray(self.model.predict_on_batch(pixels), np.float64))
                truth += [label for _, label in batch]
                advance(len(batch))
        return Scored(np.concatenate(scores), np.array(truth, np.int64))


@contextmanager
def open_workbench(
    name: str, run: Run, model: keras.Model, photos: RunPhotos, options: Options, log: Path, progress: Progress
) -> Iterator[Workbench]:
    """Makes room for what is in between, and clears it away."""
    with tempfile.TemporaryDirectory(prefix="sagui-") as scratch:
        yield Workbench(name, run, model, photos, options, Path(scratch), log, progress)


def _batches(photos: Iterator[tuple[Pixels, int]], size: int) -> Iterator[list[tuple[Pixels, int]]]:
    batch: list[tuple[Pixels, int]] = []
    for photo in photos:
        batch.append(photo)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
