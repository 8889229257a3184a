"""What makes the compiler refuse a whole file. Pure rules, no I/O."""

from collections.abc import Iterator

from sagui.convert.edgetpu.versions import COMPILER, NEWEST
from sagui.convert.graph import Graph, Op

COMPILED = "edgetpu-custom-op"
"""The op that stands for all that runs on the Edge TPU, in a file that the compiler wrote."""

_EIGHT_BITS = frozenset({"int8", "uint8"})
# Registered with TensorFlow Lite's own ops in 2021 (tensorflow/lite/kernels/register.cc).
_KNOWN_CUSTOM = frozenset({"AudioSpectrogram", "Mfcc", "NumericVerify", "TFLite_Detection_PostProcess"})


def refusals(graph: Graph) -> tuple[str, ...]:
    """Says why the compiler would not compile a file at all, each reason with what mends it."""
    return tuple(dict.fromkeys(_reasons(graph)))


def too_new(op: Op) -> str:
    """Says that the compiler cannot read an op; nothing where it can."""
    if op.kind == "CUSTOM":
        known = op.name == COMPILED or op.name in _KNOWN_CUSTOM
        return "" if known else f"compiler {COMPILER} does not know the custom op {op.name}"
    newest = NEWEST.get(op.kind)
    if newest is None:
        return f"{op.kind} came after compiler {COMPILER}, of 2021"
    return f"version {op.version}; compiler {COMPILER}, of 2021, reads {newest} at most" if op.version > newest else ""


def _reasons(graph: Graph) -> Iterator[str]:
    if any(op.name == COMPILED for op in graph.ops):
        yield "it is compiled for the Edge TPU already: compile the model it was made from"
        return
    for op in graph.ops:
        trouble = too_new(op)
        if trouble:
            yield f"{op.name}: {trouble}; replace the layer, or convert with an older TensorFlow"
    open_sizes = [tensor.name for tensor in graph.tensors if tensor.dynamic]
    if open_sizes:
        yield f"the size of {open_sizes[0]} is only known when the model runs: export it with a batch of 1"
    if not any(tensor.dtype in _EIGHT_BITS and tensor.scales for tensor in graph.tensors):
        yield "it is not quantized to 8 bits: convert with --quantize int8"
