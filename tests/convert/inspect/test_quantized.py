"""How numbers were made small, read off the tensors."""

from collections.abc import Sequence

import pytest

from sagui.convert.graph import Graph, Op, Scales, Tensor
from sagui.convert.inspect.facts import DtypeFacts
from sagui.convert.inspect.quantized import describe_quantization

ONE, TWO = Scales((0.5,), (0,)), Scales((0.5, 0.25), (0, 0))

Step = tuple[str, Sequence[str], str]


def number(name: str) -> Tensor:
    """A tensor by the letters of its name: i int8, u uint8, s int16, f float32, h float16; upper case is constant."""
    dtypes = {"i": "int8", "u": "uint8", "s": "int16", "f": "float32", "h": "float16"}
    dtype = dtypes[name[0].lower()]
    constant_bytes = 2 if name[0].isupper() else 0
    scales = (TWO if constant_bytes else ONE) if "int" in dtype else None
    return Tensor(name, (1, 2), dtype, scales, constant_bytes)


def graph(*steps: Step) -> Graph:
    names = list(dict.fromkeys(name for _, inputs, output in steps for name in (*inputs, output)))
    places = {name: place for place, name in enumerate(names)}
    ops = tuple(
        Op(kind, 1, tuple(places[name] for name in inputs), (places[output],)) for kind, inputs, output in steps
    )
    return Graph(tuple(map(number, names)), ops, (0,), (places[steps[-1][2]],))


FLOAT: list[Step] = [("CONV_2D", ["f0", "F"], "f1"), ("SOFTMAX", ["f1"], "f2")]
FLOAT16: list[Step] = [("DEQUANTIZE", ["H"], "f9"), ("CONV_2D", ["f0", "f9"], "f1")]
DYNAMIC: list[Step] = [("CONV_2D", ["f0", "I"], "f1"), ("SOFTMAX", ["f1"], "f2")]
INT8: list[Step] = [("QUANTIZE", ["u0"], "i0"), ("CONV_2D", ["i0", "I"], "i1"), ("QUANTIZE", ["i1"], "u1")]
FLOAT_ENDS: list[Step] = [("QUANTIZE", ["f0"], "i0"), ("CONV_2D", ["i0", "I"], "i1"), ("DEQUANTIZE", ["i1"], "f1")]
UINT8: list[Step] = [("CONV_2D", ["u0", "U"], "u1")]
INT16X8: list[Step] = [("CONV_2D", ["s0", "I"], "s1")]
MIXED: list[Step] = [
    ("CONV_2D", ["i0", "I"], "i1"),
    ("DEQUANTIZE", ["i1"], "f1"),
    ("EXP", ["f1"], "f2"),
    ("MUL", ["f2", "F"], "f3"),
    ("QUANTIZE", ["f3"], "i2"),
    ("CONV_2D", ["i2", "I"], "i3"),
    ("DEQUANTIZE", ["i3"], "f4"),
    ("SOFTMAX", ["f4"], "f5"),
]


@pytest.mark.parametrize(
    ("steps", "mode"),
    [
        (FLOAT, "none"),
        (FLOAT16, "float16"),
        (DYNAMIC, "dynamic"),
        (INT8, "int8"),
        (FLOAT_ENDS, "int8"),
        (UINT8, "uint8"),
        (INT16X8, "int16x8"),
        (MIXED, "mixed"),
    ],
)
def test_the_tensors_tell_the_mode(steps: list[Step], mode: str) -> None:
    assert describe_quantization([graph(*steps)]).mode == mode


@pytest.mark.parametrize("steps", [FLOAT, FLOAT16, DYNAMIC, INT8, FLOAT_ENDS, INT16X8])
def test_floats_are_only_remarkable_between_integers(steps: list[Step]) -> None:
    found = describe_quantization([graph(*steps)])
    assert (found.float_ops, found.islands) == ({}, ())


def test_floats_between_integers_are_named() -> None:
    found = describe_quantization([graph(*MIXED)])
    assert found.float_ops == {"EXP": 1, "MUL": 1, "SOFTMAX": 1}
    assert found.islands == (("EXP", "MUL"), ("SOFTMAX",))
    assert (found.quantize_ops, found.dequantize_ops) == (1, 2)


def test_branches_that_meet_are_one_island() -> None:
    steps: list[Step] = [
        ("CONV_2D", ["i0", "I"], "i1"),
        ("DEQUANTIZE", ["i1"], "f1"),
        ("DEQUANTIZE", ["i0"], "f2"),
        ("EXP", ["f1"], "f3"),
        ("ABS", ["f2"], "f4"),
        ("ADD", ["f3", "f4"], "f5"),
    ]
    assert describe_quantization([graph(*steps)]).islands == (("EXP", "ABS", "ADD"),)


def test_a_constant_does_not_join_islands() -> None:
    steps: list[Step] = [
        ("CONV_2D", ["i0", "I"], "i1"),
        ("DEQUANTIZE", ["i0"], "f1"),
        ("MUL", ["f1", "F"], "f2"),
        ("DEQUANTIZE", ["i1"], "f3"),
        ("ADD", ["f3", "F"], "f4"),
    ]
    assert describe_quantization([graph(*steps)]).islands == (("MUL",), ("ADD",))


def test_tensors_are_counted_by_type_and_scales() -> None:
    found = describe_quantization([graph(*FLOAT_ENDS)])
    assert found.dtypes == (
        DtypeFacts(dtype="float32", computed=2, constant=0, per_tensor=0, per_channel=0),
        DtypeFacts(dtype="int8", computed=2, constant=1, per_tensor=2, per_channel=1),
    )


def test_every_subgraph_counts() -> None:
    found = describe_quantization([graph(*MIXED), graph(*MIXED)])
    assert found.float_ops == {"EXP": 2, "MUL": 2, "SOFTMAX": 2}
    assert len(found.islands) == 4
