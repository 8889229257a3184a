"""The names of the classes, wherever a model keeps them."""

from pathlib import Path

from sagui.infer.errors import LabelsError


def read_labels(path: Path) -> tuple[str, ...]:
    """Reads a text file with one label a line.

    Raises:
        LabelsError: It is missing, empty, or no UTF-8 text.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise LabelsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelsError(f"{path}: not a text file in UTF-8: {error.reason} at byte {error.start}") from error
    labels = tuple(line.strip() for line in lines if line.strip())
    if not labels:
        raise LabelsError(f"{path}: no labels; write one a line, in the order of the model's outputs")
    return labels


def check_labels(labels: tuple[str, ...] | None, outputs: int) -> tuple[str, ...]:
    """Gives the labels back, if there is one for each output.

    Raises:
        LabelsError: There are none, or another number of them.
    """
    if labels is None:
        raise LabelsError(f"the model carries no labels: name its {outputs} outputs with --labels FILE, one a line")
    if len(labels) != outputs:
        raise LabelsError(
            f"{len(labels)} labels for {outputs} outputs: the labels file must have one line for each output, in order"
        )
    return labels
