"""What of a model would run on the Edge TPU, told without the compiler. Pure rules, no I/O.

The compiler turns one connected part of the graph into a single op that runs on the Edge TPU. From the first op on that
is not supported, all that depends on it runs on the CPU, supported or not
(https://coral.ai/docs/edgetpu/models-intro/#compiling).
"""

from collections.abc import Iterable

import msgspec

from sagui.convert.edgetpu.limits import eight_bits, three_dimensions
from sagui.convert.edgetpu.memory import USABLE_BYTES, parameters_bytes
from sagui.convert.edgetpu.refusals import COMPILED, refusals, too_new
from sagui.convert.edgetpu.rules import OLDEST_RUNTIME, RULES, Rule
from sagui.convert.errors import InspectError
from sagui.convert.graph import Graph, Op
from sagui.convert.inspect.macs import macs

_NAMES = 2


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Where an op would run.

    Attributes:
        op: The builtin's name, or the custom op's.
        version: Of the op's definition.
        output: The end of the name of the first tensor it writes: where in the network it is.
        on_tpu: Whether it maps to the Edge TPU.
        why: Why not.
        macs: Its multiply-accumulates.
    """

    op: str
    version: int
    output: str
    on_tpu: bool
    why: str = ""
    macs: int = 0


class Preflight(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected of the compiler. All sizes are estimates.

    Attributes:
        whole: Whether the compiler would take the file, and all of it would run on the Edge TPU.
        compiled: Whether it is the compiler's own work already.
        refused: Why the compiler would not take the file at all; the rest tells what happens once that is mended.
        verdicts: Of each op, in the order they run.
        unsure: What the file does not tell, a sentence each.
        macs: Multiply-accumulates of one photo.
        macs_share: Of them on the Edge TPU, 0 to 1; None where there are none, or where they cannot be seen.
        parameters_bytes: Weights and biases of the ops on the Edge TPU.
        on_chip_used_bytes: Of these, what its memory would keep.
        on_chip_remaining_bytes: What would be left of `USABLE_BYTES`.
        off_chip_bytes: What would be sent anew for every photo.
        runtime: The oldest Edge TPU runtime that runs the ops that map.
    """

    whole: bool
    compiled: bool
    refused: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    unsure: tuple[str, ...]
    macs: int
    macs_share: float | None
    parameters_bytes: int
    on_chip_used_bytes: int
    on_chip_remaining_bytes: int
    off_chip_bytes: int
    runtime: int


def preflight(graph: Graph, *, several_parts: bool = False) -> Preflight:
    """Tells what of a model would run on the Edge TPU.

    Args:
        graph: The model.
        several_parts: Whether the compiler is asked for several parts (``-a``): supported ops then map wherever
            they are.

    Raises:
        InspectError: The tensors of an op cannot be what it needs.
    """
    _check(graph)
    compiled = any(op.name == COMPILED for op in graph.ops)
    reasons = [_reason(op, graph) for op in graph.ops]
    if not several_parts and not compiled:
        reasons = _cut(graph, reasons)
    verdicts = tuple(_verdict(op, graph, why) for op, why in zip(graph.ops, reasons, strict=True))
    mapped = [op for op, why in zip(graph.ops, reasons, strict=True) if not why]
    refused = refusals(graph)
    kept = parameters_bytes(mapped, graph)
    return Preflight(
        whole=bool(mapped) and len(mapped) == len(graph.ops) and not refused,
        compiled=compiled,
        refused=refused,
        verdicts=verdicts,
        unsure=_unsure(mapped),
        macs=sum(verdict.macs for verdict in verdicts),
        macs_share=None if compiled else _share(verdicts),
        parameters_bytes=kept,
        on_chip_used_bytes=min(kept, USABLE_BYTES),
        on_chip_remaining_bytes=max(USABLE_BYTES - kept, 0),
        off_chip_bytes=max(kept - USABLE_BYTES, 0),
        runtime=max((RULES[op.kind].runtime for op in mapped if op.kind in RULES), default=OLDEST_RUNTIME),
    )


def _check(graph: Graph) -> None:
    largest = max((number for op in graph.ops for number in op.inputs + op.outputs), default=-1)
    if largest >= len(graph.tensors):
        raise InspectError(f"a damaged TFLite file: an op uses tensor {largest}, there are {len(graph.tensors)}")


def _reason(op: Op, graph: Graph) -> str:
    """Why an op cannot run on the Edge TPU, wherever it is."""
    if op.name == COMPILED:
        return ""
    rule = RULES.get(op.kind)
    trouble = too_new(op)
    if trouble or rule is None:
        return trouble or "the Edge TPU does not have it"
    try:
        return _unmet(op, graph, rule)
    except (IndexError, ValueError) as error:
        raise InspectError(f"a damaged TFLite file: the tensors of a {op.kind} do not fit it") from error


def _unmet(op: Op, graph: Graph, rule: Rule) -> str:
    # What is particular to the op tells a person more than that a size is too many.
    reasons = (limit(op, graph) for limit in (eight_bits, *rule.limits, three_dimensions))
    return next((reason for reason in reasons if reason), "")


def _cut(graph: Graph, reasons: list[str]) -> list[str]:
    """Moves to the CPU what depends on an op there."""
    behind: dict[int, str] = {}
    moved = []
    for op, reason in zip(graph.ops, reasons, strict=True):
        cause = next((behind[number] for number in op.inputs if number in behind), "")
        why = reason or (f"it comes after {cause}, which runs on the CPU" if cause else "")
        moved.append(why)
        if why and not _leads_in(op, graph):
            # The first op on the CPU is what a person can change, not its followers.
            behind |= dict.fromkeys(op.outputs, cause or f"{op.name} ({_place(op, graph)})")
    return moved


def _leads_in(op: Op, graph: Graph) -> bool:
    """Whether it only makes 8-bit numbers of a float input: that is left to the CPU, and cuts nothing off."""
    return op.kind == "QUANTIZE" and set(op.inputs) <= set(graph.inputs)


def _verdict(op: Op, graph: Graph, why: str) -> Verdict:
    return Verdict(
        op=op.name,
        version=op.version,
        output=_place(op, graph),
        on_tpu=not why,
        why=why,
        macs=macs(op, graph),
    )


def _place(op: Op, graph: Graph) -> str:
    """Where an op is in the network: the end of a name like ``net/head/MatMul;net/head/BiasAdd``."""
    outputs = graph.tensors_of(op.outputs)
    layers = outputs[0].name.rpartition(";")[2].split("/") if outputs else []
    return "/".join(layers[-_NAMES:])


def _share(verdicts: Iterable[Verdict]) -> float | None:
    counted = list(verdicts)
    total = sum(verdict.macs for verdict in counted)
    return sum(verdict.macs for verdict in counted if verdict.on_tpu) / total if total else None


def _unsure(mapped: Iterable[Op]) -> tuple[str, ...]:
    said = ((op.kind, RULES[op.kind].unsure) for op in mapped if op.kind in RULES)
    return tuple(dict.fromkeys(f"{kind}: {text}" for kind, text in said if text))
