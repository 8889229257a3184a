"""The ways to make numbers small, as data."""

from dataclasses import dataclass
from typing import Literal

ModeName = Literal["none", "int8"]


@dataclass(frozen=True)
class Mode:
    """A way to quantize.

    Attributes:
        calibrated: Whether it needs a representative dataset.
        saved_model_dtype: What the SavedModel takes, before quantization.
        golden_unit: What the tolerance below counts.
        golden_tolerance: How far another CPU may be from the workstation. Full int8 is the same everywhere; float
            sums depend on their order.
        about: One sentence for a person.
    """

    name: ModeName
    calibrated: bool
    saved_model_dtype: str
    golden_unit: Literal["steps", "absolute"]
    golden_tolerance: float
    about: str


MODES: dict[ModeName, Mode] = {
    "none": Mode("none", False, "uint8", "absolute", 1e-4, "32-bit floats, as trained"),
    "int8": Mode(
        "int8",
        True,
        "float32",
        "steps",
        0.0,
        "weights and activations in 8 bits, weights per channel, ranges from representative photos",
    ),
}
