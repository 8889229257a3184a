"""Where a network can be cut in two: a frozen trunk, and a tail that learns."""

import re

import keras

from sagui.train.errors import RecipeError


def block_ends(network: keras.Model, pattern: str) -> list[str]:
    """Finds the layers that end a block, in order.

    A layer ends a block if its name fits and everything after it depends on its output alone, so that the network can
    be cut there.

    Args:
        network: A functional model.
        pattern: Fits the whole name of a layer that may end a block.
    """
    ends = []
    waiting: dict[str, int] = {}
    for layer in network.layers:
        for source in _sources(layer):
            waiting[source] -= 1
            if waiting[source] == 0:
                del waiting[source]
        waiting[layer.name] = len(layer._outbound_nodes)  # noqa: SLF001 (Keras has no public way to ask)
        if list(waiting) == [layer.name] and re.fullmatch(pattern, layer.name):
            ends.append(layer.name)
    return ends


def _sources(layer: keras.Layer) -> list[str]:
    """The layers whose outputs a layer reads, once for each time."""
    nodes = layer._inbound_nodes  # noqa: SLF001 (Keras has no public way to ask)
    return [tensor._keras_history.operation.name for node in nodes for tensor in node.input_tensors]  # noqa: SLF001


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
    ends = block_ends(network, pattern)
    if tail_blocks >= len(ends):
        raise RecipeError(
            f"{network.name} has {len(ends)} blocks and at least one stays frozen: "
            f"fine-tune at most {len(ends) - 1}, not {tail_blocks}"
        )
    border = network.get_layer(ends[-1 - tail_blocks]).output
    return keras.Model(network.input, border, name="trunk"), keras.Model(border, network.output, name="tail")
