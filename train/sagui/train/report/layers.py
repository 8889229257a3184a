"""A network's layers, as a table."""

from collections.abc import Iterator

import keras

from sagui.train.report.facts import LayerRow


def layer_rows(model: keras.Model) -> tuple[LayerRow, ...]:
    """Lists a network's layers in order; those of a network inside it follow it, one step deeper.

    Args:
        model: A functional or sequential one.
    """
    return tuple(_rows(model, 0))


def _rows(model: keras.Model, depth: int) -> Iterator[LayerRow]:
    for layer in model.layers:
        yield LayerRow(depth, layer.name, type(layer).__name__, _shape(layer), int(layer.count_params()))
        if isinstance(layer, keras.Model):
            yield from _rows(layer, depth + 1)


def _shape(layer: keras.Layer) -> str:
    # A layer that several models share has a node in each; `output` refuses to choose, and so there is no public way.
    tensors = layer._inbound_nodes[0].output_tensors  # noqa: SLF001
    return ", ".join(" x ".join(map(str, tensor.shape[1:])) for tensor in tensors)
