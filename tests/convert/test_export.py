"""What cannot become a bundle is refused with its reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from keras import layers

from sagui.bundle.manifest import InputSpec
from sagui.convert.errors import ExportError
from sagui.convert.export import check_network, convert_saved_model, export_saved_model
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer

SPEC = InputSpec(height=8, width=8)
Maker = Callable[[keras.KerasTensor], keras.KerasTensor]


def network(last: Maker, shape: tuple[int | None, ...] = (8, 8, 3)) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, last(layers.GlobalAveragePooling2D()(inputs)))


def softmax(units: int) -> Any:
    return layers.Dense(units, "softmax")


def test_a_classifier_is_let_through() -> None:
    check_network(network(softmax(3)), SPEC, 3)


def nan(pooled: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Dense(3, "softmax", kernel_initializer=keras.initializers.Constant(float("nan")))(pooled)


def logits(pooled: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Dense(3, kernel_initializer="ones")(pooled)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (network(logits), r"add up to .*, not to 1: it does not end in softmax; add keras.layers.Softmax"),
        (network(nan), "NaN for noise"),
        (network(softmax(4)), r"gives \(4,\), the run has 3 labels"),
        (network(softmax(3), (None, None, 3)), r"give it a fixed \(height, width, channels\)"),
        (network(softmax(3), (9, 8, 3)), r"takes \(9, 8, 3\), the run says \(8, 8, 3\)"),
    ],
)
def test_what_is_no_classifier_is_refused(model: keras.Model, reason: str) -> None:
    with pytest.raises(ExportError, match=reason):
        check_network(model, SPEC, 3)


def test_several_inputs_are_refused() -> None:
    first, second = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    both = layers.GlobalAveragePooling2D()(layers.Add()([first, second]))
    with pytest.raises(ExportError, match="2 inputs and 1 outputs"):
        check_network(keras.Model([first, second], layers.Dense(3, "softmax")(both)), SPEC, 3)


class Bessel(layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """An op that TFLite has not."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.math.special.bessel_j0(inputs)


def test_an_op_that_tflite_has_not_is_told_in_a_line_and_the_rest_in_a_file(tmp_path: Path) -> None:
    model = network(lambda pooled: layers.Dense(3, "softmax")(Bessel()(pooled)))
    export_saved_model(model, tmp_path / "saved", "uint8")
    log = tmp_path / "convert.log"
    with pytest.raises(ExportError, match=r"cannot be converted \(none\): .*uses ops that TFLite has not") as caught:
        convert_saved_model(tmp_path / "saved", Quantizer(MODES["none"]), log)
    assert str(log) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "BesselJ0" in log.read_text()
