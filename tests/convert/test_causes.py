"""A crash of the converter, told in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.causes import shorten, usual_cause

FLEX = """Could not translate MLIR to FlatBuffer.<unknown>:0: error: failed while converting: 'main':
Some ops are not supported by the native TFLite runtime, you can enable TF kernels fallback using TF Select.
TF Select ops: Erf
Details:
\ttf.Erf(tensor<?x?xf32>) -> (tensor<?x?xf32>) : {device = ""}
"""


def test_an_op_that_tflite_has_not_is_the_cause() -> None:
    assert "choose another backbone" in usual_cause(FLEX)
    assert "uses ops that TFLite has not" in usual_cause("error: Select TF ops needed: Erf")


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Quantization not yet supported for op: 'BATCH_MATMUL'.", "--quantize dynamic"),
        ("Max and min for dynamic tensors should be recorded during calibration: Failed for tensor x", "NaN"),
        ("std::bad_alloc", "smaller"),
        ("something nobody has seen", "another --quantize"),
    ],
)
def test_each_cause_has_its_remedy(message: str, remedy: str) -> None:
    assert remedy in usual_cause(message)


def test_the_line_that_says_it_is_found() -> None:
    said = 'loc("x"): note: called from\n<unknown>:0: error: failed to legalize operation tf.Foo\nmore'
    assert shorten(said) == "error: failed to legalize operation tf.Foo"


@given(st.text())
def test_whatever_was_said_it_fits_a_line(message: str) -> None:
    short = shorten(message)
    assert short
    assert len(short) <= 200
    assert "\n" not in short
    assert usual_cause(message)
