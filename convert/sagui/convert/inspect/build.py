"""From graphs to what is said of them. No I/O."""

from collections.abc import Iterator, Sequence
from math import isfinite

from sagui.convert.graph import Graph, Op, Tensor
from sagui.convert.inspect.facts import BundleFacts, MetadataFacts, ModelFacts, OpFacts, TensorFacts, Totals
from sagui.convert.inspect.macs import UNCOUNTED, macs
from sagui.convert.inspect.needs import needs_of
from sagui.convert.inspect.quantized import describe_quantization
from sagui.convert.inspect.source import Source
from sagui.infer.metadata import read_metadata

EDGE_TPU_MODEL = "model_edgetpu.tflite"
"""The entry of a bundle that the Edge TPU compiler wrote."""

_FLOATS = ("float", "bfloat")


def describe(source: Source, *, tensors: bool = False) -> ModelFacts:
    """Says what a model is.

    Args:
        source: The file that was read.
        tensors: Whether to list every tensor of the main subgraph.

    Raises:
        InspectError: An op's tensors are not what the op needs.
    """
    graphs = source.graphs
    main = graphs[0]
    ops = describe_ops(graphs)
    return ModelFacts(
        file=source.file,
        model=source.model,
        bundle=_bundle(source),
        inputs=tuple(_tensor(number, main) for number in main.inputs),
        outputs=tuple(_tensor(number, main) for number in main.outputs),
        subgraphs=len(graphs),
        ops=ops,
        totals=_totals(graphs, ops),
        quantization=describe_quantization(graphs),
        metadata=_metadata(source),
        needs=needs_of(op for graph in graphs for op in graph.ops),
        notes=tuple(_notes(graphs)),
        tensors=tuple(_tensor(number, main) for number in range(len(main.tensors))) if tensors else None,
    )


def describe_ops(graphs: Sequence[Graph]) -> tuple[OpFacts, ...]:
    """Groups ops by name: those with the most multiply-accumulates first, then those with the largest constants.

    Raises:
        InspectError: An op's tensors are not what the op needs.
    """
    by_name: dict[str, list[OpFacts]] = {}
    seen: set[int] = set()
    for graph in graphs:
        owned = _constants_of(graph, seen)
        for op, constants in zip(graph.ops, owned, strict=True):
            by_name.setdefault(op.name, []).append(_op(op, graph, constants))
    rows = [_sum(name, ops) for name, ops in by_name.items()]
    return tuple(sorted(rows, key=lambda row: (-row.macs, -row.constant_bytes, row.name)))


def is_parameter(tensor: Tensor) -> bool:
    """Whether a constant stands for real numbers, as weights do, and not for a shape or an axis."""
    return tensor.constant and (tensor.scales is not None or tensor.dtype.startswith(_FLOATS))


def _constants_of(graph: Graph, seen: set[int]) -> list[list[Tensor]]:
    """The constants of each op, each given to the op that uses it first; those in a buffer already seen to none."""
    owned: list[list[Tensor]] = [[] for _ in graph.ops]
    users = {number: user for user, op in reversed(list(enumerate(graph.ops))) for number in op.inputs}
    for user, op in enumerate(graph.ops):
        for number in op.inputs:
            if number < 0 or not graph.tensors[number].constant:
                continue
            tensor = graph.tensors[number]
            # Equal constants may share a buffer, across subgraphs, too.
            if tensor.buffer not in seen:
                seen.add(tensor.buffer)
                # Half floats are stored with an op that unpacks them: they belong to the op that multiplies by them.
                unpacked = op.kind == "DEQUANTIZE" and op.outputs and op.outputs[0] in users
                owned[users[op.outputs[0]] if unpacked else user].append(tensor)
    return owned


def _op(op: Op, graph: Graph, constants: Sequence[Tensor]) -> OpFacts:
    return OpFacts(
        name=op.name,
        count=1,
        versions=(op.version,),
        macs=macs(op, graph),
        parameters=sum(tensor.size for tensor in constants if is_parameter(tensor)),
        constant_bytes=sum(tensor.constant_bytes for tensor in constants),
    )


def _sum(name: str, ops: Sequence[OpFacts]) -> OpFacts:
    return OpFacts(
        name=name,
        count=len(ops),
        versions=tuple(sorted({version for op in ops for version in op.versions})),
        macs=sum(op.macs for op in ops),
        parameters=sum(op.parameters for op in ops),
        constant_bytes=sum(op.constant_bytes for op in ops),
    )


def _totals(graphs: Sequence[Graph], rows: Sequence[OpFacts]) -> Totals:
    ops = [op for graph in graphs for op in graph.ops]
    return Totals(
        ops=len(ops),
        tensors=sum(len(graph.tensors) for graph in graphs),
        macs=sum(row.macs for row in rows),
        parameters=sum(row.parameters for row in rows),
        constant_bytes=sum(row.constant_bytes for row in rows),
        uncounted=tuple(sorted({op.name for op in ops if op.kind in UNCOUNTED})),
    )


def _tensor(number: int, graph: Graph) -> TensorFacts:
    tensor = graph.tensors[number]
    scales = tensor.scales
    return TensorFacts(
        number=number,
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        dynamic=tensor.dynamic,
        constant_bytes=tensor.constant_bytes,
        scales=tuple(scale if isfinite(scale) else None for scale in scales.scales) if scales else (),
        zero_points=scales.zero_points if scales else (),
        axis=scales.axis if scales and scales.per_channel else None,
    )


def _bundle(source: Source) -> BundleFacts | None:
    if source.bundle is None:
        return None
    manifest = source.bundle.manifest
    return BundleFacts(
        name=manifest.name,
        version=manifest.version,
        created=manifest.created,
        labels=manifest.labels,
        quantization=manifest.quantization,
        decision=manifest.decision,
        golden=manifest.golden,
        accuracy=manifest.metrics.exported.accuracy,
        entries={name: len(content) for name, content in source.bundle.entries.items()},
        edgetpu=EDGE_TPU_MODEL in source.bundle.entries,
    )


def _metadata(source: Source) -> MetadataFacts:
    main, metadata = source.graphs[0], read_metadata(source.content)
    return MetadataFacts(
        name=metadata.name,
        version=metadata.version,
        description=metadata.description,
        author=metadata.author,
        license=metadata.license,
        writer=main.description,
        entries=main.metadata,
        min_runtime=main.min_runtime,
        mean=metadata.mean,
        std=metadata.std,
        labels=metadata.labels,
    )


def _notes(graphs: Sequence[Graph]) -> Iterator[str]:
    tensors = [tensor for graph in graphs for tensor in graph.tensors]
    if dynamic := [tensor.name for tensor in graphs[0].tensors_of(graphs[0].inputs) if tensor.dynamic]:
        yield (
            f"The input {', '.join(dynamic)} has a size that is open until the model runs; it counts as 1 here. "
            "Devices want fixed sizes: convert with batch 1."
        )
    elif any(tensor.dynamic for tensor in tensors):
        yield "Some tensors inside have sizes that are open until the model runs; they count as 1 here."
    if len(graphs) > 1:
        yield (
            f"The file has {len(graphs)} subgraphs: the main one, and what conditions, loops or other signatures run. "
            "Each op counts once, however often it runs."
        )
    if odd := sum(any(not isfinite(s) or s <= 0 for s in t.scales.scales) for t in tensors if t.scales):
        yield (
            f"{odd} tensors have a scale that is no positive number: calibration saw constant or NaN activations, or "
            "the file is damaged."
        )
