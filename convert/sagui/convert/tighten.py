"""Takes back the range that the converter gives away before each sum.

The calibrated range of a sum's first term holds the sum as well, as if the term had been read after the sum was written
over it. Its steps are up to two and a half times larger than need be: where pixels are normalized (``pixel * scale``,
then ``+ offset``) a third of the grey levels fall together before the first layer sees them, and residual connections
lose up to a bit. The float file tells the true ranges. Measured in docs/decisions/0012-what-int8-needs.md.
"""

from collections.abc import Iterator

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sagui.convert.calibrate import Calibration
from sagui.convert.graph import Graph, read_graph
from sagui.convert.layers import find_ranges, match_layers

_ELEMENTWISE = frozenset({"ADD", "SUB", "MUL"})
"""What may take a term of any step: ops without weights have no bias whose step hangs on that of the input."""
_PRODUCERS = _ELEMENTWISE | {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MEAN"}
"""What may give an output of any step: pooling, padding and the like must keep that of their input, and a sigmoid's is
fixed."""
_LOWEST, _HIGHEST = -128, 127
_WORTH_IT = 0.98
"""Steps that shrink by less stay as they are."""


def tighten(int8_model: bytes, float_model: bytes, calibration: Calibration) -> bytes:
    """Gives each term of a sum or a product the steps of its own range.

    Only these numbers are written over, at their places in the file; ops, weights and biases stay.

    Args:
        int8_model: What the converter made.
        float_model: The same network in floats.
        calibration: The photos that it was calibrated with.

    Raises:
        InspectError: One is no TFLite file.
        ConvertError: The float file fails on a photo, there is none, or an activation is not finite.
    """
    graph, patched = read_graph(int8_model), bytearray(int8_model)
    terms = set(_terms(graph))
    partners = {
        layer.plain: layer.quantized
        for layer in match_layers(read_graph(float_model), graph)
        if layer.quantized in terms
    }
    for number, (low, high) in find_ranges(float_model, tuple(partners), calibration).items():
        step, zero_point = steps_of(low, high)
        stored = schema.Model.GetRootAsModel(patched, 0).Subgraphs(0).Tensors(partners[number]).Quantization()
        # Both are views into the file.
        steps, zero_points = stored.ScaleAsNumpy(), stored.ZeroPointAsNumpy()
        if step < _WORTH_IT * steps[0]:
            steps[0], zero_points[0] = step, zero_point
    return bytes(patched)


def steps_of(low: float, high: float) -> tuple[float, int]:
    """The step and the zero point by which 8 bits hold a range, and zero exactly.

    Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR
    2018, section 3.

    Args:
        low: The smallest number.
        high: The largest.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / (_HIGHEST - _LOWEST) or 1.0
    return step, int(np.clip(round(_LOWEST - low / step), _LOWEST, _HIGHEST))


def _terms(graph: Graph) -> Iterator[int]:
    """Computed int8 tensors of ops that may give any step, which only ops take that may take any."""
    for op in graph.ops:
        for number in op.outputs if op.kind in _PRODUCERS else ():
            tensor = graph.tensors[number]
            takers = [other.kind for other in graph.ops if number in other.inputs]
            free = takers and _ELEMENTWISE.issuperset(takers) and number not in graph.outputs
            if free and tensor.dtype == "int8" and tensor.scales and not tensor.scales.per_channel:
                yield number
