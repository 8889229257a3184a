"""How a graph's numbers were made small, read off its tensors. Pure rules, no I/O."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sagui.convert.graph import Graph, Op, Tensor
from sagui.convert.inspect.facts import DtypeFacts, Mode, QuantizationFacts

_FLOATS = frozenset({"float32", "float16", "bfloat16", "float64"})
_CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})


def describe_quantization(graphs: Sequence[Graph]) -> QuantizationFacts:
    """Says how numbers were made small.

    Args:
        graphs: All subgraphs of a file.
    """
    ops = [(graph, op) for graph in graphs for op in graph.ops]
    mode = _mode([tensor for graph in graphs for tensor in graph.tensors], list(_computed(ops)))
    mixed = mode == "mixed"
    kinds = Counter(op.kind for _, op in ops)
    return QuantizationFacts(
        mode=mode,
        dtypes=_dtypes(graphs),
        float_ops=dict(Counter(op.name for graph, op in ops if computes_floats(op, graph))) if mixed else {},
        quantize_ops=kinds["QUANTIZE"],
        dequantize_ops=kinds["DEQUANTIZE"],
        islands=tuple(island for graph in graphs for island in _islands(graph)) if mixed else (),
    )


def computes_floats(op: Op, graph: Graph) -> bool:
    """Whether an op works on floats; one that only converts numbers does not."""
    floats = any(tensor.dtype in _FLOATS for tensor in graph.tensors_of(op.outputs))
    return floats and op.kind not in _CONVERSIONS


def _computed(ops: Sequence[tuple[Graph, Op]]) -> Iterator[Tensor]:
    for graph, op in ops:
        if op.kind not in _CONVERSIONS:
            yield from graph.tensors_of(op.outputs)


def _quantized(tensor: Tensor) -> bool:
    return tensor.scales is not None and tensor.dtype not in _FLOATS


def _mode(tensors: Sequence[Tensor], computed: Sequence[Tensor]) -> Mode:
    results = {tensor.dtype for tensor in computed if _quantized(tensor)}
    if results:
        if any(tensor.dtype in _FLOATS for tensor in computed):
            return "mixed"
        if "int16" in results:
            return "int16x8"
        return "int8" if "int8" in results else "uint8"
    constants = [tensor for tensor in tensors if tensor.constant]
    if any(map(_quantized, constants)):
        return "dynamic"
    return "float16" if any(tensor.dtype == "float16" for tensor in constants) else "none"


def _dtypes(graphs: Sequence[Graph]) -> tuple[DtypeFacts, ...]:
    by_dtype: dict[str, list[Tensor]] = {}
    for graph in graphs:
        for tensor in graph.tensors:
            by_dtype.setdefault(tensor.dtype, []).append(tensor)
    return tuple(_dtype(dtype, tensors) for dtype, tensors in sorted(by_dtype.items()))


def _dtype(dtype: str, tensors: Sequence[Tensor]) -> DtypeFacts:
    scales = [tensor.scales for tensor in tensors if tensor.scales is not None]
    per_channel = sum(scale.per_channel for scale in scales)
    constant = sum(tensor.constant for tensor in tensors)
    return DtypeFacts(
        dtype=dtype,
        computed=len(tensors) - constant,
        constant=constant,
        per_tensor=len(scales) - per_channel,
        per_channel=per_channel,
    )


def _islands(graph: Graph) -> Iterator[tuple[str, ...]]:
    """Groups the float ops that pass floats to one another, in the order they run."""
    groups: list[tuple[list[Op], set[int]]] = []
    for op in graph.ops:
        if not computes_floats(op, graph):
            continue
        floats = {
            number
            for number in (*op.inputs, *op.outputs)
            if number >= 0 and graph.tensors[number].dtype in _FLOATS and not graph.tensors[number].constant
        }
        touched = [group for group in groups if group[1] & floats]
        groups = [group for group in groups if not group[1] & floats]
        ops = [member for group in touched for member in group[0]]
        groups.append(([*ops, op], floats.union(*(group[1] for group in touched))))
    for ops, _ in groups:
        yield tuple(op.name for op in ops)
