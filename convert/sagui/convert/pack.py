"""Puts a bundle together."""

from pathlib import Path

from sagui.bundle.golden import ENTRY as GOLDEN
from sagui.bundle.golden import Golden, encode_golden
from sagui.bundle.manifest import Decision, GoldenSpec, Manifest, Metrics, OutputSpec, Quantization, Training
from sagui.bundle.read import MODEL
from sagui.bundle.write import write_bundle
from sagui.convert.errors import ConvertError
from sagui.convert.modes import Mode
from sagui.convert.report import Report, encode_report, render_card, render_html
from sagui.infer.runtimes import TensorSpec
from sagui.train.run import Run


def pack(out: Path, model: bytes, golden: Golden, manifest: Manifest, report: Report, run: Run) -> Path:
    """Writes ``NAME-VERSION.sagui`` into a folder.

    Raises:
        ConvertError: The disk is full or the folder cannot be written; nothing is left behind.
    """
    entries = {
        MODEL: model,
        GOLDEN: encode_golden(golden),
        "report.json": encode_report(report),
        "report.html": render_html(report, run),
        "README.md": render_card(report, run),
    }
    try:
        return write_bundle(out, manifest, entries)
    except OSError as error:
        raise ConvertError(f"{out}: the bundle cannot be written: {error.strerror or error}") from error


def make_manifest(
    report: Report, run: Run, mode: Mode, decision: Decision, output: TensorSpec, golden: Golden
) -> Manifest:
    """Says of a bundle what a device must know."""
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
            backbone=run.recipe.backbone.name,
            weights=run.weights_source,
            dataset=run.dataset.title,
            dataset_fingerprint=run.dataset.fingerprint,
            recipe_digest=run.recipe_digest,
            versions=run.versions,
        ),
        golden=GoldenSpec(count=len(golden.frames), tolerance=mode.golden_tolerance, unit=mode.golden_unit),
    )
