"""What ops outside the builtin set need."""

import pytest

from sagui.convert.graph import Op
from sagui.convert.inspect.needs import needs_of


def custom(name: str) -> Op:
    return Op("CUSTOM", 1, (), (), custom=name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("FlexErf", "full TensorFlow"),
        ("edgetpu-custom-op", "Coral Edge TPU"),
        ("ethos-u", "Ethos-U"),
        ("TFLite_Detection_PostProcess", "nothing more on a Raspberry Pi"),
        ("Convolution2DTransposeBias", "MediaPipe"),
        ("my-own-op", "from whoever made the file"),
    ],
)
def test_a_custom_op_says_what_it_needs(name: str, said: str) -> None:
    (need,) = needs_of([custom(name)])
    assert need.op == name
    assert said in need.needs


def test_ops_are_counted_by_name_and_builtin_ones_left_out() -> None:
    ops = [Op("CONV_2D", 1, (), ()), custom("FlexErf"), custom("mine"), custom("FlexErf")]
    assert [(need.op, need.count) for need in needs_of(ops)] == [("FlexErf", 2), ("mine", 1)]
