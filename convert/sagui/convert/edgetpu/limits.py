"""Under what conditions a supported op runs on the Edge TPU. Pure rules, no I/O.

A limit gives why the op does not map, or nothing. The limits are Google's
(https://coral.ai/docs/edgetpu/models-intro/#supported-operations), for the runtime 14 that goes with compiler 16.0.
"""

from collections.abc import Callable
from itertools import combinations

from sagui.convert.graph import Graph, Op, Tensor

Limit = Callable[[Op, Graph], str]

_EIGHT_BITS = frozenset({"int8", "uint8"})
_MOST_DIMENSIONS = 3
_MOST_IN_SOFTMAX = 16_000
_DEPTH_STEP = 4
_TWO = 2


def eight_bits(op: Op, graph: Graph) -> str:
    """Numbers of 8 bits, with a scale, go in and come out; biases and sizes of 32 bits are constants."""
    # The cells of an LSTM have 16 bits, and stay inside.
    inputs = op.inputs[:1] if op.kind.endswith("LSTM") else op.inputs
    tensors = graph.tensors_of(inputs + op.outputs)
    # Constants may be sizes, axes and biases of 32 bits: what flows counts.
    wrong = [tensor for tensor in tensors if not tensor.constant and tensor.dtype not in _EIGHT_BITS]
    if wrong:
        return f"it works on {wrong[0].dtype}; only quantized 8-bit numbers run on the Edge TPU"
    if any(tensor.scales is None for tensor in tensors if not tensor.constant):
        return "its 8-bit numbers have no scale"
    floats = [tensor for tensor in tensors if tensor.constant and tensor.dtype.startswith("float")]
    return f"its constants are {floats[0].dtype}" if floats else ""


def three_dimensions(op: Op, graph: Graph) -> str:
    """Of a tensor's sizes, only the innermost three may exceed 1."""
    for tensor in graph.tensors_of(op.inputs + op.outputs):
        if not tensor.constant and any(size > 1 for size in tensor.shape[:-_MOST_DIMENSIONS]):
            return f"a tensor of {_shape(tensor)}: only the three innermost sizes may exceed 1"
    return ""


def constant_parameters(op: Op, graph: Graph) -> str:
    """Weights, biases, axes and the like are in the file."""
    computed = [tensor for tensor in graph.tensors_of(op.inputs[1:]) if not tensor.constant]
    return "its weights, or another parameter, are computed: they must be constants" if computed else ""


def constant_weights(op: Op, graph: Graph) -> str:
    """As `constant_parameters`, for an op whose second input is what flows."""
    computed = [tensor for tensor in graph.tensors_of(op.inputs[:2] + op.inputs[3:]) if not tensor.constant]
    return "its weights, or another parameter, are computed: they must be constants" if computed else ""


def no_activation(op: Op, _: Graph) -> str:
    """No activation function is part of the op."""
    return "an activation function is fused into it" if op.options.get("fusedActivationFunction", 0) else ""


def square_dilation(op: Op, _: Graph) -> str:
    """The kernel is spread as far in height as in width."""
    down, across = op.options.get("dilationHFactor", 1), op.options.get("dilationWFactor", 1)
    return f"its dilation is {down} x {across}: both must be the same" if down != across else ""


def padding_join(op: Op, graph: Graph) -> str:
    """A constant is joined to one other tensor only, and is all zeros."""
    inputs = graph.tensors_of(op.inputs)
    if not any(tensor.constant for tensor in inputs):
        return ""
    if len(inputs) > _TWO:
        return f"it joins a constant and {len(inputs) - 1} more tensors: a constant may be joined to one"
    return "it joins a constant: that maps only if the constant is all zeros, which this check does not see"


def plain_weights(op: Op, _: Graph) -> str:
    """The weights of a dense layer are stored row by row."""
    return "its weights are shuffled: only the default format maps" if op.options.get("weightsFormat", 0) else ""


def one_scale(op: Op, graph: Graph) -> str:
    """The weights of a dense layer have one scale.

    TensorFlow Lite gave each output of a dense layer a scale of its own in 2024. Kernels from before do not look for
    more than one scale: they compute nonsense without a word (https://github.com/tensorflow/tflite-micro/pull/2602).
    """
    weights = graph.tensors_of(op.inputs[1:2])
    if not weights or weights[0].scales is None or not weights[0].scales.per_channel:
        return ""
    return (
        f"its weights have {len(weights[0].scales.scales)} scales, one for each output; the compiler is older than "
        "that and may compute nonsense: convert again with --edgetpu-friendly"
    )


def flat_output(op: Op, graph: Graph) -> str:
    """The output is one row of numbers."""
    output = graph.tensors_of(op.outputs)[0]
    return "" if _flat(output) else f"its output is {_shape(output)}: only one row of numbers maps"


def flat_input(op: Op, graph: Graph) -> str:
    """The input is one row of numbers, and not too long a one."""
    row = graph.tensors_of(op.inputs)[0]
    if not _flat(row):
        return f"its input is {_shape(row)}: only one row of numbers maps"
    return f"its input has {row.size:,} numbers, at most 16,000 map" if row.size > _MOST_IN_SOFTMAX else ""


def flat_alpha(op: Op, graph: Graph) -> str:
    """The slopes differ by channel only."""
    alpha = graph.tensors_of(op.inputs)[1]
    return "" if _flat(alpha) else f"its slopes are {_shape(alpha)}: share them over height and width"


def keeps_batch(op: Op, graph: Graph) -> str:
    """Photos of a batch are not mixed, split or padded."""
    before, after = graph.tensors_of(op.inputs), graph.tensors_of(op.outputs)
    sizes = {tensor.shape[0] for tensor in after if tensor.shape}
    # Split has its axis first: the photo is what flows.
    flowing = [tensor for tensor in before if not tensor.constant]
    changed = flowing and flowing[0].shape and sizes - {flowing[0].shape[0]}
    return "it works along the batch dimension" if changed else ""


def packs_inside(op: Op, _: Graph) -> str:
    """The new dimension is not the first."""
    return "it packs along the batch dimension" if op.options.get("axis", 0) == 0 else ""


def reduces_inside(op: Op, graph: Graph) -> str:
    """The batch dimension is left alone."""
    return "" if any(0 not in axes for axes in _reduced(op, graph)) else "it reduces the batch dimension"


def depth_in_fours(op: Op, graph: Graph) -> str:
    """A mean over channels takes a multiple of four."""
    shape = graph.tensors_of(op.inputs)[0].shape
    last = len(shape) - 1
    fine = any(last not in axes or shape[last] % _DEPTH_STEP == 0 for axes in _reduced(op, graph))
    return "" if fine else f"it reduces {shape[last]} channels: only multiples of 4 map"


def no_new_axes(op: Op, _: Graph) -> str:
    """Neither an ellipsis nor a new dimension is asked for."""
    masks = ("ellipsisMask", "newAxisMask")
    return "it uses an ellipsis or a new axis" if any(op.options.get(mask, 0) for mask in masks) else ""


def _reduced(op: Op, graph: Graph) -> list[tuple[int, ...]]:
    """Which axes a reduction may take away, told by the shapes; several answers where sizes are equal."""
    before, after = graph.tensors_of(op.inputs)[0].shape, graph.tensors_of(op.outputs)[0].shape
    if len(before) == len(after):
        return [tuple(axis for axis, size in enumerate(after) if size != before[axis])]
    return [
        axes
        for axes in combinations(range(len(before)), len(before) - len(after))
        if tuple(size for axis, size in enumerate(before) if axis not in axes) == after
    ]


def _flat(tensor: Tensor) -> bool:
    return all(size == 1 for size in tensor.shape[:-1])


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
