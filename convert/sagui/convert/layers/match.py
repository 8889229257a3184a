"""Which layers of two files are the same. Pure rules, no I/O."""

from sagui.convert.graph import Graph
from sagui.convert.layers.values import Layer

_MOVERS = frozenset({"CAST", "QUANTIZE", "DEQUANTIZE"})
"""Ops that say the same in other numbers."""


def match_layers(plain: Graph, quantized: Graph) -> tuple[Layer, ...]:
    """Finds the ops' outputs that two files of the same network have in common.

    The converter names an op's output after all that it fused, joined by semicolons, activation first. Which of the
    rest it lists differs between modes, and it adds a number where a name is taken; so the first name counts.

    Args:
        plain: The float file.
        quantized: Another of the same SavedModel.
    """
    free = {number for op in quantized.ops if op.kind not in _MOVERS for number in op.outputs}
    computed = [(op, number) for op in plain.ops if op.kind not in _MOVERS for number in op.outputs]
    names = {_first_name(plain, number) for _, number in computed}
    layers = []
    for op, number in computed:
        partner = _partner(plain, number, quantized, free, names)
        if partner is None:
            continue
        free.remove(partner)
        shape = plain.tensors[number].shape
        layers.append(Layer(_first_name(plain, number), op.kind, shape, number, partner, op.inputs))
    return tuple(layers)


def _partner(plain: Graph, number: int, quantized: Graph, free: set[int], names: set[str]) -> int | None:
    shape = plain.tensors[number].shape
    ranked = [
        (rank, other)
        for other in free
        if quantized.tensors[other].shape == shape and (rank := _unlikeness(plain, number, quantized, other, names))
    ]
    return min(ranked)[1] if ranked else None


def _unlikeness(plain: Graph, number: int, quantized: Graph, other: int, names: set[str]) -> int:
    """From 1, the very same name, to 3; 0 for names that have nothing to do with each other."""
    name, candidate = _first_name(plain, number), _first_name(quantized, other)
    if plain.tensors[number].name == quantized.tensors[other].name:
        return 1
    if name == candidate:
        return 2
    numbered = candidate.startswith(name) and candidate[len(name) :].isdigit() and candidate not in names
    return 3 if numbered else 0


def _first_name(graph: Graph, number: int) -> str:
    return graph.tensors[number].name.split(";")[0]
