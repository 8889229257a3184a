"""Puts a bundle together."""

from pathlib import Path

from sagui.bundle.golden import ENTRY as GOLDEN
from sagui.bundle.golden import Golden, encode_golden
from sagui.bundle.manifest import GoldenSpec, Manifest, Metrics, OutputSpec, Quantization, Training
from sagui.bundle.read import EDGETPU_MODEL, MODEL
from sagui.bundle.write import write_bundle
from sagui.convert.candidates import Candidate
from sagui.convert.errors import ConvertError
from sagui.convert.report import Report, encode_report, render_card, render_html
from sagui.infer.classify import Classifier
from sagui.train.run import Run


def pack(
    out: Path, models: tuple[bytes, bytes | None], golden: Golden, manifest: Manifest, report: Report, run: Run
) -> Path:
    """Writes ``NAME-VERSION.sagui`` into a folder.

    Args:
        out: The folder.
        models: The TFLite file, and the same compiled for the Edge TPU, if there is one.
        golden: Frames and outputs of the former.
        manifest: What a device must know.
        report: How good it is.
        run: Where it comes from.

    Raises:
        ConvertError: The disk is full or the folder cannot be written; nothing is left behind.
    """
    model, compiled = models
    entries = {
        MODEL: model,
        **({EDGETPU_MODEL: compiled} if compiled else {}),
        GOLDEN: encode_golden(golden),
        "report.json": encode_report(report),
        "report.html": render_html(report, run),
        "README.md": render_card(report, run),
    }
    try:
        return write_bundle(out, manifest, entries)
    except OSError as error:
        raise ConvertError(f"{out}: the bundle cannot be written: {error.strerror or error}") from error


def make_manifest(report: Report, run: Run, chosen: Candidate, classifier: Classifier, golden: Golden) -> Manifest:
    """Says of a bundle what a device must know."""
    mode, output = chosen.mode, classifier.runtime.outputs[0]
    about = f"{mode.about}: {', '.join(chosen.kept)}" if chosen.kept else mode.about
    return Manifest(
        name=report.name,
        version=report.version,
        created=run.created,
        labels=run.labels,
        input=classifier.spec,
        output=OutputSpec(activation="softmax", scale=output.scale or 1.0, zero_point=output.zero_point),
        decision=chosen.decision,
        quantization=Quantization(
            mode=mode.name,
            calibration=report.calibrated.photos if report.calibrated else 0,
            recipe=about,
            forced=report.verdict.refused,
        ),
        metrics=Metrics(float=report.parent, exported=report.exported),
        training=Training(
            backbone=run.recipe.backbone.name,
            weights=run.weights_source,
            dataset=run.dataset.title,
            dataset_fingerprint=run.dataset.fingerprint,
            recipe_digest=run.recipe_digest,
            versions=run.versions,
        ),
        golden=GoldenSpec(count=len(golden.frames), tolerance=mode.golden_tolerance, unit=mode.golden_unit),
    )
