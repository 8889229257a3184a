"""The whole of conversion, as a story."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sagui.bundle.golden import Golden
from sagui.bundle.manifest import check_name
from sagui.convert.calibrate import choose_photos
from sagui.convert.candidates import Candidate, NotTried, find_layer_errors, make_classifier, try_all, try_mode
from sagui.convert.edgetpu.attempt import attempt
from sagui.convert.edgetpu.report import EdgeTpuReport
from sagui.convert.errors import ConvertError, GateError
from sagui.convert.export import check_network, load_network
from sagui.convert.layers import worst
from sagui.convert.mixed import choose_layers
from sagui.convert.modes import MODES
from sagui.convert.options import Options
from sagui.convert.pack import make_manifest, pack
from sagui.convert.photos import RunPhotos
from sagui.convert.report import Report, Tried
from sagui.convert.workbench import Workbench, open_workbench
from sagui.infer.classify import Classifier
from sagui.infer.runtimes.litert import load_builtin
from sagui.progress import SILENT, Progress
from sagui.train.run import MODEL, read_run

__all__ = ["Converted", "Options", "convert"]

_GOLDEN_FRAMES = 8
_WORST_LAYERS = 10
_CULPRITS = 3


@dataclass(frozen=True)
class Converted:
    """A bundle that was written.

    Attributes:
        path: Where it is.
        report: What it says about itself.
        model: Its TFLite file.
        tried: All files that were tried, in this order.
    """

    path: Path
    report: Report
    model: bytes
    tried: tuple[Candidate | NotTried, ...]


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
    options.check()
    run = read_run(run_folder)
    if run.task != "single-label":
        raise ConvertError(
            f"{run_folder}: its photos have several labels each; bundles are made of networks that give one label "
            "(train with task = single-label)"
        )
    name = options.name or _slug(run.dataset.title)
    check_name(name, options.version)
    model = load_network(run_folder / MODEL)
    check_network(model, run.input, len(run.labels))
    log = Path(f"{name}-{options.version}.convert.log")
    with open_workbench(name, run, model, RunPhotos(run, options.data), options, log, progress) as bench:
        tried = tuple(_try(bench))
        chosen = _choose(bench, tried)
        edgetpu, compiled = _edgetpu(bench, chosen)
        report = _report(bench, chosen, tried, edgetpu)
        classifier = make_classifier(bench, chosen.model, chosen.decision, 1)
        golden = _golden(chosen.model, classifier, bench)
        manifest = make_manifest(report, run, chosen, classifier, golden)
        with progress.task("Write the bundle"):
            path = pack(out, (chosen.model, compiled), golden, manifest, report, run)
    return Converted(path, report, chosen.model, tried)


def _try(bench: Workbench) -> Iterator[Candidate | NotTried]:
    if bench.options.mode == "auto":
        yield from try_all(bench)
    else:
        yield try_mode(bench, bench.options.mode)


def _choose(bench: Workbench, tried: tuple[Candidate | NotTried, ...]) -> Candidate:
    """The last that was tried is the only one that may have passed."""
    last = tried[-1]
    if isinstance(last, NotTried):
        raise ConvertError(f"no mode could be tried; the last, {last.mode.name}: {last.reason}")
    try:
        last.verdict.check([photo.name for photo in bench.run.split["test"]])
    except GateError as refusal:
        if not bench.options.force:
            raise
        bench.progress.say(f"  forced: {refusal}")
    for doubt in last.verdict.doubts:
        bench.progress.say(f"  {doubt}")
    return last


def _edgetpu(bench: Workbench, chosen: Candidate) -> tuple[EdgeTpuReport | None, bytes | None]:
    if chosen.mode.name != "int8":
        return None, None
    return attempt(chosen.model, bench.progress, asked=bench.options.edgetpu_friendly)


def _report(
    bench: Workbench, chosen: Candidate, tried: tuple[Candidate | NotTried, ...], edgetpu: EdgeTpuReport | None
) -> Report:
    run, options = bench.run, bench.options
    errors = find_layer_errors(bench, chosen.raw) if chosen.mode.calibrated else ()
    return Report(
        name=bench.name,
        version=options.version,
        created=run.created,
        labels=run.labels,
        mode=chosen.mode.name,
        about_mode=MODES[chosen.mode.name].about,
        kept_float=chosen.kept,
        calibrated=bench.calibrated if chosen.mode.calibrated else None,
        parent=bench.parent.measure(run.labels),
        exported=chosen.scored.measure(run.labels),
        verdict=chosen.verdict,
        photos=tuple(run.split["test"][change.photo].name for change in chosen.verdict.changed),
        layers=worst(errors, _WORST_LAYERS),
        culprits=choose_layers(errors, _CULPRITS),
        tried=tuple(_tried(one) for one in tried),
        edgetpu=edgetpu,
        temperature=chosen.decision.temperature,
        threshold=chosen.decision.threshold,
        bytes_float=len(bench.float_file),
        bytes_exported=len(chosen.model),
    )


def _tried(one: Candidate | NotTried) -> Tried:
    if isinstance(one, NotTried):
        return Tried(mode=one.mode.name, reason=one.reason)
    return Tried(
        mode=one.mode.name,
        reason="; ".join(one.verdict.refused),
        bytes=len(one.model),
        accuracy=float(one.scored.right.mean()),
        passed=one.verdict.passed,
    )


def _golden(model: bytes, classifier: Classifier, bench: Workbench) -> Golden:
    chosen = choose_photos(bench.run.split["test"], _GOLDEN_FRAMES, bench.run.recipe.seed)
    frames = [classifier.encode(pixels) for pixels in bench.photos.all(chosen)]
    outputs = [classifier.runtime.invoke(frame).reshape(-1) for frame in frames]
    builtin = load_builtin(model, 1)
    return Golden(
        np.stack(frames), np.stack(outputs), np.stack([builtin.invoke(frame).reshape(-1) for frame in frames])
    )


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:63].strip("-") or "model"
