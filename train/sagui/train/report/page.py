"""``report.html``: a training in one page, nothing loaded from elsewhere."""

import base64
import struct
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sagui.bundle.replace import write_bytes
from sagui.train.calibration import BINS, Calibration
from sagui.train.quality import Quality
from sagui.train.report.charts import (
    confusion_chart,
    curve_charts,
    precision_recall_chart,
    reliability_chart,
    roc_chart,
)
from sagui.train.report.diagnosis import diagnose
from sagui.train.report.drawing import overlay
from sagui.train.report.facts import Facts, Mistake, Picture

REPORT = "report.html"
_TABLE_LABELS = 15
_CONFUSIONS = 5
_LEAST_SIDE = 180
_PANORAMA = 2
"""Pictures so many times as wide as high are scrolled on a phone: to fit, they would be too small."""
_QUALITY = 88
_EVEN = 0.5
_CLOSE = 0.03
"""A mean distance of three points between score and accuracy is taken as well calibrated."""


def write_report(folder: Path, facts: Facts) -> None:
    """Writes ``report.html`` into a run's folder.

    Args:
        folder: It must exist.
        facts: What to tell.
    """
    write_bytes(folder / REPORT, render_report(facts).encode())


def render_report(facts: Facts) -> str:
    """Makes the page."""
    quality, context = facts.quality, _context(facts)
    return (
        page_environment()
        .get_template("report.html")
        .render(
            facts=facts,
            quality=quality,
            diagnosis=diagnose(facts.history),
            calibration=describe_calibration(quality.calibration, several=quality.multi_label is not None),
            sections=[(name, title) for name, title in _SECTIONS if context.get(_NEEDS.get(name, ""), True)],
            **context,
        )
    )


def page_environment() -> Environment:
    """Where templates come from, and how numbers are written in them."""
    environment = Environment(
        loader=PackageLoader("sagui.train.report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f}\N{NO-BREAK SPACE}%"
    environment.filters["decimals"] = lambda value: f"{value:.3f}"
    environment.filters["number"] = lambda count: f"{count:,}"
    return environment


_SECTIONS = (
    ("curves", "Learning"),
    ("confusion", "Confusion"),
    ("classes", "Classes"),
    ("two-classes", "Thresholds"),
    ("calibration", "Calibration"),
    ("mistakes", "Mistakes"),
    ("pictures", "Pictures"),
    ("feature-maps", "Feature maps"),
    ("unknowns", "Unknowns"),
    ("folds", "Cross-validation"),
    ("layers", "Network"),
    ("recipe", "Recipe"),
    ("data", "Photos"),
)
_NEEDS = {
    "two-classes": "two_class_charts",
    "pictures": "pictures",
    "feature-maps": "feature_maps",
    "unknowns": "unknowns",
    "folds": "folds",
}


def _context(facts: Facts) -> dict[str, Any]:
    """What the page shows and the facts do not say in so many words."""
    quality = facts.quality
    large = len(facts.labels) > _TABLE_LABELS and quality.confusion
    return {
        "several": facts.task == "multi-label",
        "decisions": quality.accuracy.n * len(facts.labels),
        "commonest": max(quality.per_class, key=lambda one: one.n),
        "curves": curve_charts(facts.history) if facts.history else (),
        "large_confusion": confusion_chart(quality.confusion) if large else "",
        "confusions": confusions(quality, facts.labels),
        "two_class_charts": _two_class_charts(quality),
        "reliability": _reliability_charts(quality.calibration),
        "bins": BINS,
        "mistakes": [_mistake(one) for one in facts.mistakes],
        "pictures": [_picture(one) for one in facts.pictures],
        "feature_maps": [_picture(one) for one in facts.feature_maps],
        "unknowns": facts.unknowns,
        "folds": _folds(facts),
        "parameters": sum(row.parameters for row in facts.layers if row.depth == 0),
    }


def confusions(quality: Quality, labels: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """Truth, name given and count of what is taken for something else, most often first; five at most."""
    pairs = [
        (labels[truth], labels[named], count)
        for truth, row in enumerate(quality.confusion)
        for named, count in enumerate(row)
        if truth != named and count
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:_CONFUSIONS]


def describe_calibration(calibration: Calibration, *, several: bool = False) -> str:
    """Says in a sentence or two what the reliability diagrams show.

    Args:
        calibration: It.
        several: Whether a score is a yes or no of its own: a low one is then a sure no.
    """
    before, after = calibration.ece_before, calibration.ece_after
    leans = (
        one.n * (one.accuracy - one.confidence if several and one.confidence < _EVEN else one.confidence - one.accuracy)
        for one in calibration.before
    )
    lean = sum(leans)
    if before < _CLOSE:
        first = f"The scores mean what they say: they are {100 * before:.1f} points off on average (ECE)."
    else:
        manner = "surer than it should be" if lean > 0 else "less sure than it could be"
        first = f"The network is {manner}: scores and shares are {100 * before:.1f} points apart on average (ECE)."
    ends = f"{100 * after:.1f}"
    if ends == f"{100 * before:.1f}":
        second = "changes that little"
    else:
        second = f"brings it down to {ends}" if after < before else f"does not help here: it is then {ends}"
    return f"{first} A temperature of {calibration.temperature:g}, fitted on the validation photos, {second}."


def _two_class_charts(quality: Quality) -> list[str]:
    if quality.roc is None or quality.pr is None:
        return []
    positive = next(one for one in quality.per_class if one.label == quality.pr.positive)
    return [roc_chart(quality.roc), precision_recall_chart(quality.pr, positive.n / quality.accuracy.n)]


def _reliability_charts(calibration: Calibration) -> list[str]:
    return [
        reliability_chart(calibration.before, f"As it is: ECE {100 * calibration.ece_before:.1f} points"),
        reliability_chart(
            calibration.after,
            f"Temperature {calibration.temperature:g}: ECE {100 * calibration.ece_after:.1f} points",
        ),
    ]


def _folds(facts: Facts) -> dict[str, Any] | None:
    if not facts.folds:
        return None
    values = [share.value for share in facts.folds]
    deviation = stdev(values) if len(values) > 1 else 0.0
    return {"shares": facts.folds, "mean": fmean(values), "deviation": deviation}


def _mistake(one: Mistake) -> dict[str, Any]:
    photo = _enlarged(one.photo)
    return {
        "name": one.name,
        "truth": one.truth,
        "predicted": one.predicted,
        "score": one.score,
        "photo": _jpeg(photo),
        "heat": _jpeg(overlay(photo, one.heat)),
    }


def _enlarged(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    # A photo of 32 pixels would be blurred by the browser, and by JPEG.
    times = -(-_LEAST_SIDE // min(photo.shape[:2]))
    return photo.repeat(times, axis=0).repeat(times, axis=1)


def _jpeg(photo: npt.NDArray[np.uint8]) -> str:
    content = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def _picture(picture: Picture) -> dict[str, Any]:
    # A PNG file begins with its signature and the header's name; then come its width and height.
    width, height = struct.unpack(">2I", picture.png[16:24])
    data = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    return {"title": picture.title, "about": picture.about, "data": data, "panorama": width > _PANORAMA * height}
