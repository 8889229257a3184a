"""Does this machine get the outputs the workstation got? No I/O."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sagui.bundle.golden import Golden
from sagui.bundle.manifest import GoldenSpec
from sagui.infer.classify import dequantize
from sagui.infer.errors import GoldenError
from sagui.infer.runtimes.port import Runtime


@dataclass(frozen=True)
class Reproduction:
    """How well the golden frames were reproduced.

    Attributes:
        count: How many frames were tried.
        difference: The largest difference of any output, in ``unit``.
        unit: ``steps`` of the output's quantization, or ``absolute`` scores.
    """

    count: int
    difference: float
    unit: str


def reproduce(runtime: Runtime, golden: Golden, spec: GoldenSpec) -> Reproduction:
    """Runs the golden frames.

    Raises:
        GoldenError: An output differs by more than the bundle allows.
        ModelError: The network fails.
    """
    outputs = np.stack([runtime.invoke(frame).reshape(-1) for frame in golden.frames])
    recorded = [golden.outputs] if golden.builtin is None else [golden.outputs, golden.builtin]
    # A runtime has one set of kernels or the other: all frames must come near the same one.
    difference = min((_difference(runtime, outputs, one, spec) for one in recorded), key=np.max)
    worst = difference.max(axis=1)
    if (failed := int((worst > spec.tolerance).sum())) or not np.isfinite(difference).all():
        raise GoldenError(
            f"this machine does not compute what the workstation did: {failed} of {len(worst)} golden frames differ, "
            f"by up to {worst.max():g} ({spec.unit}; {spec.tolerance:g} allowed) with {runtime.name}; "
            "the model is not used"
        )
    return Reproduction(len(worst), float(worst.max()), spec.unit)


def _difference(
    runtime: Runtime, outputs: npt.NDArray[Any], recorded: npt.NDArray[Any], spec: GoldenSpec
) -> npt.NDArray[np.float64]:
    """Of each output ``(count, labels)``, in the unit of the tolerance."""
    if spec.unit == "steps":
        return np.abs(outputs.astype(np.int64) - recorded.astype(np.int64)).astype(np.float64)
    output = runtime.outputs[0]
    return np.asarray(np.abs(dequantize(outputs, output) - dequantize(recorded, output)), np.float64)
