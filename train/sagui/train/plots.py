"""Pictures of a run: how it learned, and what it confuses."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sagui.bundle.metrics import Measure
from sagui.train.fit import Epoch

_DPI = 120
_TRAIN, _VALIDATION = "#7a5195", "#ef8a17"


def plot_curves(history: Sequence[Epoch], path: Path) -> None:
    """Draws loss and accuracy by epoch; a line marks where fine-tuning begins."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = range(1, len(history) + 1)
    for axes, title, train, validation in (
        (left, "Loss", "loss", "validation_loss"),
        (right, "Accuracy", "accuracy", "validation_accuracy"),
    ):
        axes.plot(epochs, [getattr(row, train) for row in history], color=_TRAIN, label="training")
        axes.plot(epochs, [getattr(row, validation) for row in history], color=_VALIDATION, label="validation")
        axes.set(title=title, xlabel="Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        probed = sum(row.phase == "probe" for row in history)
        if 0 < probed < len(history):
            axes.axvline(probed + 0.5, color="grey", linestyle=":", label="fine-tuning begins")
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    left.legend()
    figure.savefig(path, dpi=_DPI)


def plot_confusion(measure: Measure, labels: Sequence[str], path: Path) -> None:
    """Draws the confusion matrix of the test photos, in photos, shaded by the share of the true class."""
    size = max(4.0, 1.2 + 0.7 * len(labels))
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    shares = [[count / max(1, sum(row)) for count in row] for row in measure.confusion]
    picture = axes.imshow(shares, cmap=mpl.colormaps["Purples"], vmin=0, vmax=1)
    for truth, row in enumerate(measure.confusion):
        for prediction, count in enumerate(row):
            dark = shares[truth][prediction] > 0.5  # noqa: PLR2004 (half of the colour scale)
            axes.text(prediction, truth, str(count), ha="center", va="center", color="white" if dark else "black")
    accuracy = measure.accuracy
    axes.set(
        title=f"{accuracy.n} test photos, {accuracy.value:.1%} right",
        xlabel="Predicted class",
        ylabel="True class",
        xticks=range(len(labels)),
        yticks=range(len(labels)),
    )
    axes.set_xticklabels(labels, rotation=30, ha="right")
    axes.set_yticklabels(labels)
    figure.colorbar(picture, format=PercentFormatter(1.0), label="Share of the class")
    figure.savefig(path, dpi=_DPI)
