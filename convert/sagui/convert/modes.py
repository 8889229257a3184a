"""The ways to make numbers small, as data."""

from dataclasses import dataclass
from typing import Literal, get_args

ModeName = Literal["none", "float16", "dynamic", "int8", "int16x8", "mixed"]
Choice = ModeName | Literal["auto"]
Io = Literal["uint8", "int8"]
"""What a quantized file takes and gives."""


@dataclass(frozen=True)
class Mode:
    """A way to quantize.

    Attributes:
        calibrated: Whether it needs a representative dataset.
        saved_model_dtype: What the SavedModel takes, before quantization: int8 makes a whole number of a float input,
            and the converter has no 16x8 form of the cast from a whole one.
        golden_unit: What the tolerance below counts.
        golden_tolerance: How far another CPU may be from the workstation. Full int8 is the same on every CPU with the
            same kernels, and one step away with other versions of them; float sums depend on their order; where floats
            become whole numbers on the way, a rounding may fall on the other side.
        about: One sentence for a person.
    """

    name: ModeName
    calibrated: bool
    saved_model_dtype: str
    golden_unit: Literal["steps", "absolute"]
    golden_tolerance: float
    about: str


_ALL = (
    Mode("none", False, "uint8", "absolute", 1e-4, "32-bit floats, as trained"),
    Mode("float16", False, "uint8", "absolute", 1e-4, "weights in 16-bit floats, computed in 32 bits"),
    Mode("dynamic", False, "uint8", "absolute", 2e-2, "weights in 8 bits, activations in floats between layers"),
    Mode(
        "int8",
        True,
        "float32",
        "steps",
        1.0,
        "weights and activations in 8 bits, weights per channel, ranges from representative photos",
    ),
    Mode("int16x8", True, "float32", "absolute", 1e-4, "weights in 8 bits, activations in 16"),
    Mode("mixed", True, "uint8", "absolute", 2e-2, "8 bits, but for the layers that lose most, which stay in floats"),
)
MODES: dict[ModeName, Mode] = {mode.name: mode for mode in _ALL}
CHOICES: tuple[str, ...] = (*MODES, "auto")
IOS: tuple[str, ...] = get_args(Io)

AUTO: tuple[ModeName, ...] = ("int8", "mixed", "float16", "none")
"""In which order `auto` tries, fastest first.

Neither dynamic nor int16x8 is among them: their convolutions run on kernels that are slower than those for floats
(docs/quantization.md has the numbers), so they win nothing where int8 is refused.
"""
