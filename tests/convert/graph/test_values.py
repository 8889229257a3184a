"""What may be asked of a graph."""

from sagui.convert.graph import Graph, Op, Scales, Tensor


def test_one_scale_is_for_the_whole_tensor() -> None:
    assert not Scales((0.5,), (0,)).per_channel
    assert Scales((0.5, 0.25), (0, 0), axis=3).per_channel


def test_a_tensor_knows_how_many_numbers_it_holds() -> None:
    assert Tensor("x", (1, 4, 4, 3), "int8").size == 48
    assert Tensor("scalar", (), "float32").size == 1
    assert Tensor("empty", (0,), "float32").size == 0


def test_a_constant_has_its_values_in_the_file() -> None:
    assert Tensor("weights", (2,), "int8", constant_bytes=2).constant
    assert not Tensor("computed", (2,), "int8").constant


def test_an_op_is_called_by_the_name_a_person_knows() -> None:
    assert Op("CONV_2D", 1, (), ()).name == "CONV_2D"
    custom = Op("CUSTOM", 1, (), (), custom="edgetpu-custom-op")
    assert (custom.name, custom.flex) == ("edgetpu-custom-op", False)
    assert Op("CUSTOM", 1, (), (), custom="FlexErf").flex


def test_inputs_that_are_left_out_are_left_out() -> None:
    a, b = Tensor("a", (1,), "int8"), Tensor("b", (1,), "int8")
    assert Graph((a, b), (), (0,), (1,)).tensors_of((1, -1, 0)) == (b, a)
