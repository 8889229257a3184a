"""Where a network can be cut in two: a frozen trunk, and a tail that learns."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras

from sagui.train.errors import RecipeError


def block_ends(network: keras.Model, pattern: str) -> list[str]:
    """Finds the operations that end a block, in order.

    One ends a block if its name fits and everything after it depends on its output alone, so that the network can be
    cut there.

    Args:
        network: A functional model.
        pattern: Fits the whole name of a layer, or of an operation that is no layer, that may end a block.
    """
    return [operation.name for operation in _ends(network, pattern)]


def _ends(network: keras.Model, pattern: str) -> Iterator[Any]:
    # Keras has no public way to walk a model's own nodes; a layer's nodes may belong to other models too.
    by_depth = network._nodes_by_depth  # noqa: SLF001
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    waiting = Counter(source for node in nodes for source in _sources(node))
    open_tensors = 0
    for node in nodes:
        for source in _sources(node):
            waiting[source] -= 1
            open_tensors -= waiting[source] == 0
        open_tensors += 1
        if open_tensors == 1 and re.fullmatch(pattern, node.operation.name):
            yield node.operation


def _sources(node: Any) -> list[str]:  # noqa: ANN401 (Keras ships no types)
    """The operations whose outputs a node reads, once for each time."""
    return [tensor._keras_history.operation.name for tensor in node.input_tensors]  # noqa: SLF001


def cut(network: keras.Model, pattern: str, tail_blocks: int) -> tuple[keras.Model, keras.Model]:
    """Cuts a network before its last blocks. The parts share their layers with the whole.

    Args:
        network: A functional model.
        pattern: See `block_ends`.
        tail_blocks: How many blocks the tail has; what follows the last block belongs to it too.

    Returns:
        Trunk and tail.

    Raises:
        RecipeError: The network has no more blocks than that.
    """
    ends = list(_ends(network, pattern))
    if tail_blocks >= len(ends):
        raise RecipeError(
            f"training.blocks = {tail_blocks}: {network.name} has {len(ends)} blocks and at least one stays frozen: "
            f"allowed is 0 to {len(ends) - 1}, or all"
        )
    # An operation, not a layer's name: some networks end their blocks with a sum that is no layer.
    border = ends[-1 - tail_blocks].output
    trunk = keras.Model(network.input, border, name="trunk")
    if border is network.output:
        # Keras makes no model of nothing but a tensor inside another.
        nothing = keras.Input(border.shape[1:])
        return trunk, keras.Model(nothing, nothing, name="tail")
    return trunk, keras.Model(border, network.output, name="tail")
