"""The whole of conversion, as a story."""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from sagui.bundle.golden import Golden
from sagui.bundle.manifest import Decision, check_name
from sagui.convert.calibrate import choose_photos, representative
from sagui.convert.errors import ConvertError, ExportError
from sagui.convert.evaluate import Scored, score_photos
from sagui.convert.export import convert_saved_model, export_saved_model, load_network
from sagui.convert.gate import Budget, check, losses
from sagui.convert.metadata import add_metadata
from sagui.convert.modes import MODES, Mode, ModeName
from sagui.convert.pack import make_manifest, pack
from sagui.convert.photos import RunPhotos
from sagui.convert.report import Loss, Report
from sagui.convert.temperature import fit_temperature
from sagui.infer.choose import load_runtime
from sagui.infer.classify import Classifier
from sagui.progress import SILENT, Progress
from sagui.train.run import MODEL, Run, SplitPhoto, read_run

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
    calibration: int = 500
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
    if run.task != "single-label":
        raise ConvertError(
            f"{run_folder}: its photos have several labels each; bundles are made of networks that give one label "
            "(train with task = single-label)"
        )
    name = options.name or _slug(run.dataset.title)
    _check(name, options)
    mode, photos = MODES[options.mode], RunPhotos(run, options.data)
    model = load_network(run_folder / MODEL)

    chosen = choose_photos(run.split["train"], options.calibration, run.recipe.seed) if mode.calibrated else []
    float_file, raw_file = _export(model, mode, photos, chosen, progress)
    exported = add_metadata(raw_file, name, options.version, run.labels)
    classifier = _classifier(exported, run, Decision(), options.threads)

    before = _score_keras(model, photos, progress)
    after = _score(classifier, run, photos, "test", f"Evaluate the {mode.name} file on the test photos", progress)
    check(before.measure(run.labels), after.measure(run.labels), options.budget)
    validation = _score(
        classifier, run, photos, "validation", "Calibrate the scores on the validation photos", progress
    )
    decision = Decision(threshold=options.threshold, temperature=fit_temperature(validation.scores, validation.truth))

    sizes = (len(float_file), len(exported))
    report = _report(name, run, options, decision, len(chosen), (before, after), sizes)
    golden = _golden(_classifier(exported, run, decision, 1), run, photos)
    manifest = make_manifest(report, run, mode, decision, classifier.runtime.outputs[0], golden)
    with progress.task("Write the bundle"):
        path = pack(out, exported, golden, manifest, report, run)
    return Converted(path, report)


def _check(name: str, options: Options) -> None:
    check_name(name, options.version)
    if options.calibration < 1:
        raise ConvertError(f"--calibration {options.calibration}: at least 1 photo is needed, 100 or more are better")


def _report(
    name: str,
    run: Run,
    options: Options,
    decision: Decision,
    calibration: int,
    scored: tuple[Scored, Scored],
    sizes_bytes: tuple[int, int],
) -> Report:
    """Sets the float network and the exported file side by side, in this order."""
    before, after = (scores.measure(run.labels) for scores in scored)
    named = [scores.scores.argmax(axis=1) for scores in scored]
    return Report(
        name=name,
        version=options.version,
        created=run.created,
        labels=run.labels,
        mode=options.mode,
        about_mode=MODES[options.mode].about,
        calibration=calibration,
        parent=before,
        exported=after,
        agreement=float((named[0] == named[1]).mean()),
        losses=tuple(
            Loss(what=loss.what, before=loss.before, after=loss.after, points=loss.points, allowed=loss.allowed)
            for loss in losses(before, after, options.budget)
        ),
        temperature=decision.temperature,
        threshold=decision.threshold,
        bytes_float=sizes_bytes[0],
        bytes_exported=sizes_bytes[1],
    )


def _export(
    model: keras.Model, mode: Mode, photos: RunPhotos, chosen: list[SplitPhoto], progress: Progress
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
            return float_file, convert_saved_model(folder, representative(photos.all(chosen)))


def _classifier(model: bytes, run: Run, decision: Decision, threads: int) -> Classifier:
    runtime = load_runtime(model, threads)
    pixels = runtime.inputs[0]
    # Softmax ends at 1 and a full-range photo calibrates the input: anything else was not exported as intended.
    if pixels.dtype != "uint8" or (pixels.scale and (abs(pixels.scale - 1) > 1e-3 or pixels.zero_point != 0)):  # noqa: PLR2004
        raise ExportError(f"the exported file does not take pixels as they are: its input is {pixels}")
    return Classifier(runtime, run.labels, run.input, decision, activation="softmax")


def _score(
    classifier: Classifier,
    run: Run,
    photos: RunPhotos,
    part: Literal["validation", "test"],
    what: str,
    progress: Progress,
) -> Scored:
    return score_photos(classifier, photos.of(part), len(run.split[part]), what, progress)


def _score_keras(model: keras.Model, photos: RunPhotos, progress: Progress) -> Scored:
    pixels, truth = zip(*photos.of("test"), strict=True)
    scores = []
    with progress.task("Evaluate the float network on the test photos", len(pixels)) as advance:
        for start in range(0, len(pixels), _KERAS_BATCH):
            batch = np.stack(pixels[start : start + _KERAS_BATCH]).astype(np.float32)
            scores.append(np.asarray(model.predict_on_batch(batch), np.float64))
            advance(len(batch))
    return Scored(np.concatenate(scores), np.array(truth, np.int64))


def _golden(classifier: Classifier, run: Run, photos: RunPhotos) -> Golden:
    chosen = choose_photos(run.split["test"], _GOLDEN_FRAMES, run.recipe.seed)
    frames = [classifier.encode(pixels) for pixels in photos.all(chosen)]
    outputs = [classifier.runtime.invoke(frame).reshape(-1) for frame in frames]
    return Golden(np.stack(frames), np.stack(outputs))


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:63].strip("-") or "model"
