"""How much arithmetic an op does. Pure rules, no I/O.

One multiply-accumulate, a product added to a sum, is one MAC; papers that speak of FLOPs often count it as two. Counted
are the ops that multiply by matrices, as Howard et al. count for MobileNet (https://arxiv.org/abs/1704.04861, section
3.1): ``out_h * out_w * out_c * kernel_h * kernel_w * in_c`` for a convolution. Element-wise arithmetic, pooling and
activations are less than a hundredth of that in the networks of this field, and are not counted.
"""

from collections.abc import Callable, Mapping
from math import prod

from sagui.convert.errors import InspectError
from sagui.convert.graph import Graph, Op, Tensor

UNCOUNTED = frozenset(
    {
        "BIDIRECTIONAL_SEQUENCE_LSTM",
        "BIDIRECTIONAL_SEQUENCE_RNN",
        "CONV_3D_TRANSPOSE",
        "CUSTOM",
        "DELEGATE",
        "LSTM",
        "RNN",
        "STABLEHLO_CONVOLUTION",
        "STABLEHLO_CUSTOM_CALL",
        "STABLEHLO_DOT_GENERAL",
        "SVDF",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_RNN",
    }
)
"""Ops that multiply by matrices, or may, whose MACs are not counted."""

_Tensors = tuple[Tensor, ...]


def macs(op: Op, graph: Graph) -> int:
    """Counts the multiply-accumulates of one run of an op; 0 for an op that is not counted.

    A size that is only known when the model runs counts as 1.

    Args:
        op: Of the graph.
        graph: It.

    Raises:
        InspectError: The op's tensors cannot be what the op needs.
    """
    rule = _RULES.get(op.kind)
    if rule is None:
        return 0
    try:
        return rule(op, graph.tensors_of(op.inputs), graph.tensors_of(op.outputs))
    except (IndexError, ValueError) as error:
        raise InspectError(f"a damaged TFLite file: the tensors of a {op.kind} do not fit it") from error


def _convolution(_op: Op, inputs: _Tensors, outputs: _Tensors) -> int:
    # The kernel's own depth is in_c / groups, so that grouped convolutions come out right.
    _, height, width, depth = inputs[1].shape
    return outputs[0].size * height * width * depth


def _depthwise(_op: Op, inputs: _Tensors, outputs: _Tensors) -> int:
    _, height, width, _ = inputs[1].shape
    return outputs[0].size * height * width


def _transposed(_op: Op, inputs: _Tensors, _outputs: _Tensors) -> int:
    # Each input number is multiplied by the kernel, and the products are added into the output.
    kernel, pixels = inputs[1:3]
    channels, height, width, _ = kernel.shape
    return pixels.size * channels * height * width


def _convolution_3d(_op: Op, inputs: _Tensors, outputs: _Tensors) -> int:
    depth, height, width, in_channels, _ = inputs[1].shape
    return outputs[0].size * prod((depth, height, width, in_channels))


def _dense(_op: Op, inputs: _Tensors, outputs: _Tensors) -> int:
    return outputs[0].size * inputs[1].shape[-1]


def _matrices(op: Op, inputs: _Tensors, outputs: _Tensors) -> int:
    inner = -2 if op.options.get("adjX") else -1
    return outputs[0].size * inputs[0].shape[inner]


_RULES: Mapping[str, Callable[[Op, _Tensors, _Tensors], int]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "CONV_3D": _convolution_3d,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _matrices,
}

COUNTED = frozenset(_RULES)
"""Ops whose MACs are counted."""
