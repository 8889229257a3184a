"""What a person may choose about a conversion."""

from dataclasses import astuple, dataclass, field
from math import isfinite
from pathlib import Path

from sagui.convert.errors import ConvertError
from sagui.convert.gate import Budget
from sagui.convert.metadata import UNSAID, About
from sagui.convert.modes import Choice, Io


@dataclass(frozen=True)
class Options:
    """The options of `sagui convert`.

    Attributes:
        mode: How numbers are made small; ``auto`` takes the fastest mode that passes the gate.
        io: What an int8 file takes and gives.
        edgetpu_friendly: Dense layers with one scale each, as the Edge TPU wants them.
        name: Of the bundle; the dataset's, if it is empty.
        version: Of the bundle.
        calibration: Training photos that tell the ranges of activations.
        budget: What may be lost.
        force: Ship a file that the gate refuses; the bundle says so.
        threshold: The calibrated score below which a frame is unknown.
        data: Where the photos lie now, if they were moved since the training.
        threads: CPU threads of the evaluation.
        about: What the file says of itself to people.
    """

    mode: Choice = "int8"
    io: Io = "uint8"
    edgetpu_friendly: bool = False
    name: str = ""
    version: str = "1.0.0"
    calibration: int = 500
    budget: Budget = field(default_factory=Budget)
    force: bool = False
    threshold: float = 0.5
    data: Path | None = None
    threads: int = 2
    about: About = UNSAID

    def check(self) -> None:
        """Finds choices that do not go together.

        Raises:
            ConvertError: The message names both.
        """
        if self.calibration < 1:
            raise ConvertError(f"--calibration {self.calibration}: at least 1 photo is needed, 100 or more are better")
        numbers = (*astuple(self.budget), self.threshold)
        if not all(map(isfinite, numbers)):
            raise ConvertError(f"a limit or the threshold is no number: {numbers}; give numbers such as 1.5")
        if self.io != "uint8" and self.mode != "int8":
            raise ConvertError(f"--io {self.io} goes with --quantize int8 alone, not with {self.mode}")
        if self.edgetpu_friendly and self.mode != "int8":
            raise ConvertError(f"--edgetpu-friendly goes with --quantize int8 alone, not with {self.mode}")
