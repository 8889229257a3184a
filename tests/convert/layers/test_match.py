"""Which layers of two files are the same."""

from sagui.convert.graph import Graph, Op, Tensor
from sagui.convert.layers import match_layers


def graph(*ops: tuple[str, str, tuple[int, ...]]) -> Graph:
    """Kinds, names and shapes of ops in a row."""
    tensors = (Tensor("photo", (1, 4), "uint8"), *(Tensor(name, shape, "float32") for _, name, shape in ops))
    return Graph(
        tensors=tensors,
        ops=tuple(Op(kind, 1, (number,), (number + 1,)) for number, (kind, _, _) in enumerate(ops)),
        inputs=(0,),
        outputs=(len(ops),),
    )


def test_layers_are_matched_by_the_first_of_their_names() -> None:
    plain = graph(("CAST", "cast", (1, 4)), ("CONV_2D", "a/relu;a/conv", (1, 8)), ("SOFTMAX", "out:0", (1, 2)))
    other = graph(
        ("QUANTIZE", "in", (1, 4)),
        ("CONV_2D", "a/relu;a/bn;a/conv1", (1, 8)),
        ("SOFTMAX", "out:01", (1, 2)),
        ("QUANTIZE", "out:0", (1, 2)),
    )
    assert [(layer.name, layer.plain, layer.quantized) for layer in match_layers(plain, other)] == [
        ("a/relu", 2, 2),
        ("out:0", 3, 3),
    ]


def test_a_name_that_another_layer_has_is_no_match() -> None:
    plain = graph(("ADD", "block1", (1, 8)), ("ADD", "block11", (1, 8)))
    assert [layer.name for layer in match_layers(plain, graph(("ADD", "block11", (1, 8))))] == ["block11"]


def test_another_shape_is_no_match() -> None:
    assert match_layers(graph(("ADD", "a", (1, 8))), graph(("ADD", "a", (1, 9)))) == ()
