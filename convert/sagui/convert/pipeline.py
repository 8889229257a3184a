"""The whole of conversion, as a story."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from sagui.bundle.golden import ENTRY as GOLDEN
from sagui.bundle.golden import Golden, encode_golden
from sagui.bundle.manifest import (
    Decision,
    GoldenSpec,
    Manifest,
    Metrics,
    OutputSpec,
    Quantization,
    Training,
    check_name,
)
from sagui.bundle.read import MODEL as BUNDLE_MODEL
from sagui.bundle.write import write_bundle
from sagui.convert.calibrate import Pixels, choose_photos, representative
from sagui.convert.errors import ConvertError, ExportError
from sagui.convert.evaluate import Scored, score_photos
from sagui.convert.export import convert_saved_model, export_saved_model, load_network
from sagui.convert.gate import Budget, check, losses
from sagui.convert.metadata import add_metadata
from sagui.convert.modes import MODES, Mode, ModeName
from sagui.convert.report import Loss, Report, encode_report, render_card, render_html
from sagui.convert.temperature import fit_temperature
from sagui.infer.choose import load_runtime
from sagui.infer.classify import Classifier
from sagui.infer.preprocess import decode_photo, prepare
from sagui.progress import SILENT, Progress
from sagui.train.run import MODEL, Part, Run, SplitPhoto, read_photo_file, read_run

_GOLDEN_FRAMES = 8
_KERAS_BATCH = 64


@dataclass(frozen=True)
class Options:
    """What a person may choose about a conversion.

    Attributes:
        name: Of the bundle; the dataset's, if it is empty.
        calibration: Training photos for full-int8 quantization.
        threshold: The calibrated score below which a frame is unknown.
        data: Where the photos lie now, if they were moved since the training.
        threads: CPU threads of the evaluation.
    """

    mode: ModeName = "int8"
    name: str = ""
    version: str = "1.0.0"
    calibration: int = 200
    budget: Budget = field(default_factory=Budget)
    threshold: float = 0.5
    data: Path | None = None
    threads: int = 2


@dataclass(frozen=True)
class Converted:
    """A bundle that was written."""

    path: Path
    report: Report


def convert(run_folder: Path, out: Path, options: Options, progress: Progress = SILENT) -> Converted:
    """Turns a run into a bundle, if its accuracy survives.

    Args:
        run_folder: What `sagui.train.pipeline.train` wrote.
        out: The folder for the bundle.
        options: How.
        progress: Told of every step.

    Raises:
        RunError: The run is not complete, or its photos are gone.
        ConvertError: The network cannot be exported, or the gate refuses the file; no bundle is written.
        BundleError: The name or version cannot be used.
    """
    run = read_run(run_folder)
    name = options.name or _slug(run.dataset.title)
    check_name(name, options.version)
    if options.calibration < 1:
        raise ConvertError(f"--calibration {options.calibration}: at least 1 photo is needed, 100 or more are better")
    mode, photos = MODES[options.mode], _Photos(run, options.data)
    model = load_network(run_folder / MODEL)

    chosen = choose_photos(run.split["train"], options.calibration, run.recipe.seed) if mode.calibrated else []
    float_file, raw_file = _export(model, mode, photos, chosen, progress)
    exported = add_metadata(raw_file, name, options.version, run.labels)
    classifier = _classifier(exported, run, Decision(), options.threads)

    float_scores = _score_keras(model, photos, progress)
    exported_scores = _score(classifier, photos, "test", f"Evaluate the {mode.name} file on the test photos", progress)
    validation = _score(classifier, photos, "validation", "Calibrate the scores on the validation photos", progress)
    before, after = float_scores.measure(run.labels), exported_scores.measure(run.labels)
    check(before, after, options.budget)

    decision = Decision(threshold=options.threshold, temperature=fit_temperature(validation.scores, validation.truth))
    golden = _golden(_classifier(exported, run, decision, 1), photos)
    report = Report(
        name=name,
        version=options.version,
        created=run.created,
        labels=run.labels,
        mode=mode.name,
        about_mode=mode.about,
        calibration=len(chosen),
        parent=before,
        exported=after,
        agreement=float((float_scores.scores.argmax(1) == exported_scores.scores.argmax(1)).mean()),
        losses=tuple(
            Loss(what=loss.what, before=loss.before, after=loss.after, points=loss.points, allowed=loss.allowed)
            for loss in losses(before, after, options.budget)
        ),
        temperature=decision.temperature,
        threshold=decision.threshold,
        bytes_float=len(float_file),
        bytes_exported=len(exported),
    )
    manifest = _manifest(report, run, mode, decision, classifier)
    entries = {
        BUNDLE_MODEL: exported,
        GOLDEN: encode_golden(golden),
        "report.json": encode_report(report),
        "report.html": render_html(report, run),
        "README.md": render_card(report, run),
    }
    with progress.task("Write the bundle"):
        try:
            path = write_bundle(out, manifest, entries)
        except OSError as error:
            raise ConvertError(f"{out}: the bundle cannot be written: {error.strerror or error}") from error
    return Converted(path, report)


class _Photos:
    """The photos of a run, read again and fitted by the one preprocessing."""

    def __init__(self, run: Run, root: Path | None) -> None:
        self._run, self._root = run, root

    def pixels(self, photo: SplitPhoto) -> Pixels:
        return prepare(decode_photo(read_photo_file(self._run, photo, self._root)), self._run.input)

    def count(self, part: Part) -> int:
        return len(self._run.split[part])

    def of(self, part: Part) -> Iterator[tuple[Pixels, int]]:
        for photo in self._run.split[part]:
            yield self.pixels(photo), photo.label

    def golden(self) -> list[Pixels]:
        chosen = choose_photos(self._run.split["test"], _GOLDEN_FRAMES, self._run.recipe.seed)
        return [self.pixels(photo) for photo in chosen]


def _export(
    model: keras.Model, mode: Mode, photos: _Photos, chosen: list[SplitPhoto], progress: Progress
) -> tuple[bytes, bytes]:
    """Gives the network as a float TFLite file, and in the mode asked for."""
    with tempfile.TemporaryDirectory(prefix="sagui-") as scratch:
        with progress.task("Export the network"):
            plain = Path(scratch) / "float"
            export_saved_model(model, plain, MODES["none"].saved_model_dtype)
            float_file = convert_saved_model(plain, None)
        if not mode.calibrated:
            return float_file, float_file
        with progress.task(f"Quantize to {mode.name} with {len(chosen)} representative photos"):
            folder = Path(scratch) / mode.name
            export_saved_model(model, folder, mode.saved_model_dtype)
            return float_file, convert_saved_model(folder, representative([photos.pixels(at) for at in chosen]))


def _classifier(model: bytes, run: Run, decision: Decision, threads: int) -> Classifier:
    runtime = load_runtime(model, threads)
    pixels = runtime.inputs[0]
    # Softmax ends at 1 and a full-range photo calibrates the input: anything else was not exported as intended.
    if pixels.dtype != "uint8" or (pixels.scale and (abs(pixels.scale - 1) > 1e-3 or pixels.zero_point != 0)):  # noqa: PLR2004
        raise ExportError(f"the exported file does not take pixels as they are: its input is {pixels}")
    return Classifier(runtime, run.labels, run.input, decision, activation="softmax")


def _score(classifier: Classifier, photos: _Photos, part: Part, what: str, progress: Progress) -> Scored:
    return score_photos(classifier, photos.of(part), photos.count(part), what, progress)


def _score_keras(model: keras.Model, photos: _Photos, progress: Progress) -> Scored:
    pixels, truth = zip(*photos.of("test"), strict=True)
    scores = []
    with progress.task("Evaluate the float network on the test photos", len(pixels)) as advance:
        for start in range(0, len(pixels), _KERAS_BATCH):
            batch = np.stack(pixels[start : start + _KERAS_BATCH]).astype(np.float32)
            scores.append(np.asarray(model.predict_on_batch(batch), np.float64))
            advance(len(batch))
    return Scored(np.concatenate(scores), np.array(truth, np.int64))


def _golden(classifier: Classifier, photos: _Photos) -> Golden:
    frames = [classifier.encode(pixels) for pixels in photos.golden()]
    outputs = [classifier.runtime.invoke(frame).reshape(-1) for frame in frames]
    return Golden(np.stack(frames), np.stack(outputs))


def _manifest(report: Report, run: Run, mode: Mode, decision: Decision, classifier: Classifier) -> Manifest:
    output = classifier.runtime.outputs[0]
    return Manifest(
        name=report.name,
        version=report.version,
        created=run.created,
        labels=run.labels,
        input=run.input,
        output=OutputSpec(activation="softmax", scale=output.scale or 1.0, zero_point=output.zero_point),
        decision=decision,
        quantization=Quantization(mode=mode.name, calibration=report.calibration, recipe=mode.about),
        metrics=Metrics(float=report.parent, exported=report.exported),
        training=Training(
            backbone=run.recipe.backbone,
            weights=run.weights_source,
            dataset=run.dataset.title,
            dataset_fingerprint=run.dataset.fingerprint,
            recipe_digest=run.recipe_digest,
            versions=run.versions,
        ),
        golden=GoldenSpec(
            count=min(_GOLDEN_FRAMES, len(run.split["test"])), tolerance=mode.golden_tolerance, unit=mode.golden_unit
        ),
    )


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:63].strip("-") or "model"
