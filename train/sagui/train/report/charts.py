"""Charts of a training: as SVG whose colours follow the page, and as PNG files of a run."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sagui.bundle.metrics import Proportion
from sagui.train.calibration import ReliabilityBin
from sagui.train.quality import ClassQuality, Curve, Quality
from sagui.train.report.facts import EpochRow
from sagui.train.report.style import PAPER, Palette, style, svg_chart

_DPI = 120
_FEW_EPOCHS = 30
_NUMBERED_LABELS = 25
_MAX_INCHES = 16.0


def curve_charts(history: Sequence[EpochRow]) -> tuple[Markup, ...]:
    """Draws loss, accuracy and learning rate by epoch."""

    def of(what: str) -> Markup:
        about = f"{what.capitalize()} of training and validation by epoch"
        return svg_chart(about, lambda axes, colours: _curves(axes, history, what, colours))

    rate = svg_chart("Learning rate by epoch", lambda axes, colours: _learning_rate(axes, history, colours))
    return of("loss"), of("accuracy"), rate


def _curves(axes: Axes, history: Sequence[EpochRow], what: str, colours: Palette) -> None:
    for name, colour, label in (
        (what, colours.train, "training"),
        (f"validation_{what}", colours.validation, "validation"),
    ):
        _by_epoch(axes, history, name, colour, label)
    _name_epochs(axes, history, what.capitalize())
    if what == "accuracy":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.legend()


def _learning_rate(axes: Axes, history: Sequence[EpochRow], colours: Palette) -> None:
    _by_epoch(axes, history, "learning_rate", colours.train, "")
    _name_epochs(axes, history, "Learning rate")
    axes.set_ylim(0, 1.05 * max(row.learning_rate for row in history) or 1.0)
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)


def _by_epoch(axes: Axes, history: Sequence[EpochRow], name: str, colour: str, label: str) -> None:
    marker = "." if len(history) <= _FEW_EPOCHS else ""
    for begin, _, rows in _phases(history):
        values = [getattr(row, name) for row in rows]
        epochs = range(begin, begin + len(rows))
        # A legend names each line once, and lines of two phases are not joined: something else learns.
        axes.plot(epochs, values, color=colour, label=label if begin == 1 else None, marker=marker, zorder=3)


def _name_epochs(axes: Axes, history: Sequence[EpochRow], title: str) -> None:
    phases = _phases(history)
    # The names of the phases stand between the title and the chart.
    axes.set_title(title, loc="left", pad=18 if len(phases) > 1 else None)
    axes.set_xlabel("Epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for begin, phase, _ in phases if len(phases) > 1 else ():
        axes.axvline(begin - 0.5, color=axes.xaxis.label.get_color(), linestyle=":", linewidth=1)
        axes.text(begin - 0.5, 1.02, phase, transform=axes.get_xaxis_transform(), fontsize="small")


def _phases(history: Sequence[EpochRow]) -> list[tuple[int, str, list[EpochRow]]]:
    """The number of its first epoch, counted through, its name and its epochs, of each phase."""
    found: list[tuple[int, str, list[EpochRow]]] = []
    begin = 1
    for phase, group in groupby(history, key=lambda row: row.phase):
        rows = list(group)
        found.append((begin, phase, rows))
        begin += len(rows)
    return found


def reliability_chart(bins: Sequence[ReliabilityBin], title: str) -> Markup:
    """Draws how often predictions of each confidence are right, beside how often they should be."""

    def draw(axes: Axes, colours: Palette) -> None:
        most = max((one.n for one in bins), default=1)
        for one in bins:
            # The more predictions there are in a bin, the more its bar can be trusted.
            strength = 0.25 + 0.75 * one.n / most
            width = one.high - one.low
            axes.bar(one.low, one.accuracy, width, align="edge", color=colours.train, alpha=strength, zorder=2)
        axes.plot([0, 1], [0, 1], color=colours.validation, linestyle="--", label="perfectly calibrated", zorder=3)
        axes.set(title=title, xlabel="Score", ylabel="Share that is right", xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper left")

    return svg_chart(f"Reliability diagram: {title}", draw, (4.2, 3.4))


def roc_chart(curve: Curve) -> Markup:
    """Draws the true positive rate over the false positive rate."""

    def draw(axes: Axes, colours: Palette) -> None:
        axes.plot(curve.x, curve.y, color=colours.train, zorder=3)
        axes.plot([0, 1], [0, 1], color=colours.line, linestyle="--")
        axes.set(title=f"ROC, area {curve.area:.3f}", xlabel="False positive rate", ylabel="True positive rate")
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))

    return svg_chart(f"ROC curve, area {curve.area:.3f}", draw, (4.2, 3.4))


def precision_recall_chart(curve: Curve, share: float) -> Markup:
    """Draws precision over recall.

    Args:
        curve: It.
        share: Of the positive class: the precision of guessing.
    """

    def draw(axes: Axes, colours: Palette) -> None:
        axes.step(curve.x, curve.y, where="pre", color=colours.train, zorder=3)
        axes.axhline(share, color=colours.line, linestyle="--")
        axes.set(title=f"Precision and recall, area {curve.area:.3f}", xlabel="Recall", ylabel="Precision")
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))

    return svg_chart(f"Precision over recall, area {curve.area:.3f}", draw, (4.2, 3.4))


def interval_chart(names: Sequence[str], shares: Sequence[Proportion]) -> Markup:
    """Draws shares with their intervals, one below the other.

    Args:
        names: Of the shares.
        shares: As many.
    """

    def draw(axes: Axes, colours: Palette) -> None:
        places = range(len(names))
        values = np.array([share.value for share in shares])
        reach = [values - [share.low for share in shares], [share.high for share in shares] - values]
        axes.errorbar(values, places, xerr=reach, fmt="o", color=colours.train, capsize=4)
        axes.set(yticks=places, ylim=(len(names) - 0.5, -0.5), xlabel="Accuracy on the test photos")
        axes.set_yticklabels(names)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))

    return svg_chart("Accuracies with their intervals", draw, (7.5, 1.0 + 0.45 * len(names)))


def confusion_chart(confusion: Sequence[Sequence[int]]) -> Markup:
    """Draws a confusion matrix that is too large for a table, as shares of the true class."""

    def draw(axes: Axes, colours: Palette) -> None:
        # Only the opacity says how many: so it fits a light and a dark page. The accent lies between both pages'.
        picture = np.zeros((len(confusion), len(confusion), 4))
        picture[..., :3] = to_rgb("#9a70b4")
        picture[..., 3] = _shares(confusion)
        axes.imshow(picture, interpolation="nearest")
        axes.set(xlabel="Predicted class, by number", ylabel="True class, by number")
        axes.grid(visible=False)
        axes.tick_params(color=colours.line)

    return svg_chart("Confusion matrix", draw, (7.0, 6.6))


def plot_curves(history: Sequence[EpochRow], path: Path) -> None:
    """Writes loss and accuracy by epoch; a dotted line marks where another phase begins.

    Args:
        history: Every epoch of every phase.
        path: A PNG file.
    """
    with style(PAPER):
        figure = Figure(figsize=(9, 3.6))
        left, right = figure.subplots(1, 2)
        _curves(left, history, "loss", PAPER)
        _curves(right, history, "accuracy", PAPER)
        figure.savefig(path, dpi=_DPI)


def plot_confusion(quality: Quality, labels: Sequence[str], path: Path) -> None:
    """Writes what is taken for what; for several labels, what is found, missed and wrongly given.

    Args:
        quality: Of the test photos.
        labels: The classes.
        path: A PNG file.
    """
    with style(PAPER), mpl.rc_context({"axes.grid": False}):
        inches = min(_MAX_INCHES, max(4.0, 1.2 + 0.7 * len(labels)))
        if quality.confusion:
            figure = Figure(figsize=(inches + 1, inches))
            _matrix(figure, quality.confusion, labels, quality.accuracy)
        else:
            figure = Figure(figsize=(8, max(2.5, inches / 2)))
            _decisions(figure.subplots(), quality.per_class)
            figure.legend(loc="outside lower center", ncols=3)
        figure.savefig(path, dpi=_DPI)


def _matrix(figure: Figure, confusion: Sequence[Sequence[int]], labels: Sequence[str], accuracy: Proportion) -> None:
    axes, shares = figure.subplots(), _shares(confusion)
    picture = axes.imshow(shares, cmap=mpl.colormaps["Purples"], vmin=0, vmax=1)
    if len(labels) <= _NUMBERED_LABELS:
        for (truth, prediction), count in np.ndenumerate(np.array(confusion)):
            dark = shares[truth, prediction] > 0.5  # noqa: PLR2004 (half of the colour scale)
            axes.text(prediction, truth, str(count), ha="center", va="center", color="white" if dark else PAPER.ink)
    axes.set(
        title=f"{accuracy.n} test photos, {accuracy.value:.1%} right",
        xlabel="Predicted class",
        ylabel="True class",
        xticks=range(len(labels)),
        yticks=range(len(labels)),
    )
    size = _label_size(len(labels))
    axes.set_xticklabels(labels, rotation=90 if len(labels) > _NUMBERED_LABELS else 30, ha="right", fontsize=size)
    axes.set_yticklabels(labels, fontsize=size)
    figure.colorbar(picture, format=PercentFormatter(1.0), label="Share of the class")


def _label_size(labels: int) -> float:
    # 72 points are an inch: the names of a hundred classes must not overlap.
    return max(2.0, min(10.0, 72 * 0.7 * _MAX_INCHES / max(labels, 1)))


def _decisions(axes: Axes, per_class: Sequence[ClassQuality]) -> None:
    names = [one.label for one in per_class]
    parts: Mapping[str, tuple[list[int], str]] = {
        "found": ([one.hits for one in per_class], PAPER.train),
        "missed": ([one.n - one.hits for one in per_class], PAPER.line),
        "wrongly given": ([one.precision.n - one.hits for one in per_class], PAPER.validation),
    }
    left = np.zeros(len(names))
    for part, (counts, colour) in parts.items():
        axes.barh(names, counts, left=left, color=colour, label=part)
        left += counts
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=_label_size(len(names)))
    axes.set(title="Labels of the test photos", xlabel="Photos")


def _shares(confusion: Sequence[Sequence[int]]) -> Any:  # noqa: ANN401 (matplotlib takes arrays of any kind)
    counts = np.array(confusion, np.float64)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
