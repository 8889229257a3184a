"""Where a network looks, on networks whose answer is known."""

from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from sagui.train.errors import TrainError
from sagui.train.report.drawing import overlay
from sagui.train.report.explain import explained, feature_map_pictures, feature_maps, grad_cam
from sagui.train.report.layers import layer_rows
from sagui.train.report.mistakes import Wrong

SIDE = 16


def colour_network(activation: str = "softmax", *, frozen: bool = False) -> keras.Model:
    """Tells red from blue: two maps, one bright where it is red, one where it is blue, and their mean."""
    photos = keras.Input((SIDE, SIDE, 3), name="photos")
    x = layers.Rescaling(1 / 255, name="normalize")(photos)
    convolution = layers.Conv2D(2, 3, padding="same", activation="relu", name="colours")
    maps = convolution(x)
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, 0] = [1, -1]
    kernel[1, 1, 2] = [-1, 1]
    convolution.set_weights([kernel, np.zeros(2, np.float32)])
    dense = layers.Dense(2, name="logits")
    head = keras.Sequential(
        [keras.Input(maps.shape[1:]), layers.GlobalAveragePooling2D(name="pool"), dense], name="head"
    )
    dense.set_weights([np.array([[4, -4], [-4, 4]], np.float32), np.zeros(2, np.float32)])
    model = keras.Model(photos, layers.Activation(activation, name="probabilities")(head(maps)))
    model.trainable = not frozen
    return model


def photo(*patches: tuple[int, int, int]) -> np.ndarray:
    """A dark photo with bright patches of 4 x 4 pixels: row, column, channel."""
    picture = np.full((SIDE, SIDE, 3), 20, np.uint8)
    for row, column, channel in patches:
        picture[row : row + 4, column : column + 4, channel] = 250
    return picture


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("frozen", [False, True])
def test_the_heat_is_where_the_class_is(activation: str, *, frozen: bool) -> None:
    both = photo((2, 3, 0), (10, 9, 2))
    red, blue = grad_cam(colour_network(activation, frozen=frozen), np.stack([both, both]), [0, 1])
    assert red.shape == (SIDE, SIDE)
    assert red[2:6, 3:7].min() > 0.9
    assert red[10:14, 9:13].max() < 0.1
    assert blue[10:14, 9:13].min() > 0.9
    assert blue[2:6, 3:7].max() < 0.1


def test_behind_an_average_it_is_the_class_activation_map() -> None:
    # Zhou et al., CVPR 2016: with global average pooling and one dense layer, the maps weighted by its kernel.
    rng = np.random.default_rng(0)
    inputs = keras.Input((12, 12, 3))
    maps = layers.Conv2D(5, 3, strides=2, activation="relu", name="maps")(inputs)
    dense = layers.Dense(4, name="logits")
    outputs = layers.Softmax(name="probabilities")(dense(layers.GlobalAveragePooling2D()(maps)))
    model = keras.Model(inputs, outputs)
    dense.set_weights([rng.normal(size=(5, 4)).astype(np.float32), np.zeros(4, np.float32)])
    photos = rng.integers(0, 255, (10, 12, 12, 3), dtype=np.uint8)
    classes = [int(one) for one in rng.integers(0, 4, 10)]
    activations = np.asarray(keras.Model(inputs, maps)(photos.astype(np.float32)))
    expected = np.maximum(np.einsum("nhwc,cn->nhw", activations, dense.get_weights()[0][:, classes]), 0)
    expected /= np.maximum(expected.max(axis=(1, 2), keepdims=True), 1e-12)
    assert np.allclose(grad_cam(model, photos, classes), expected, atol=1e-4)


def test_where_nothing_speaks_for_a_class_there_is_no_heat() -> None:
    (heat,) = grad_cam(colour_network(), photo((4, 4, 0))[np.newaxis], [1])
    assert heat.max() == 0


def test_maps_of_a_single_place_are_passed_over() -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, strides=4, padding="same", name="seen")(inputs)
    x = layers.Conv2D(8, 4, name="one_place")(x)
    assert x.shape[1:3] == (1, 1)
    model = keras.Model(inputs, layers.Softmax(name="probabilities")(layers.Dense(2)(layers.Flatten()(x))))
    assert grad_cam(model, photo((0, 0, 0))[np.newaxis], [0]).shape == (1, 4, 4)


def test_maps_of_one_branch_among_several_are_passed_over() -> None:
    # As Inception reduces its maps: each branch ends in a single place, and none of them alone makes the logits.
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, strides=4, padding="same", name="seen")(inputs)
    branches = [layers.Conv2D(6, 4)(layers.Conv2D(5, 1)(x)), layers.MaxPooling2D(4)(x)]
    x = layers.Flatten()(layers.Concatenate()(branches))
    model = keras.Model(inputs, layers.Softmax(name="probabilities")(layers.Dense(2)(x)))
    assert grad_cam(model, photo((0, 0, 0))[np.newaxis], [0]).shape == (1, 4, 4)


def test_a_network_without_maps_cannot_be_explained() -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(inputs, layers.Softmax(name="probabilities")(layers.Dense(2)(layers.Flatten()(inputs))))
    with pytest.raises(TrainError, match="no feature maps"):
        grad_cam(model, photo()[np.newaxis], [0])


def test_no_photos_have_no_heat() -> None:
    assert grad_cam(colour_network(), np.empty((0, SIDE, SIDE, 3), np.uint8), []).shape == (0, SIDE, SIDE)
    assert explained(colour_network(), (), np.empty((0, SIDE, SIDE, 3), np.uint8)) == ()


def test_a_network_whose_parts_were_used_elsewhere_is_explained_and_listed() -> None:
    # As in training: pool and dense layer also serve a trunk and a learner of their own.
    model = colour_network()
    head, maps = model.get_layer("head"), model.get_layer("colours").output
    trunk = keras.Model(model.input, head.get_layer("pool")(maps))
    inputs = keras.Input(trunk.output_shape[1:])
    keras.Model(inputs, head.get_layer("logits")(inputs))
    keras.Model(model.input, head(maps))
    (heat,) = grad_cam(model, photo((2, 3, 0))[np.newaxis], [0])
    assert heat[2:6, 3:7].min() > 0.9
    rows = layer_rows(model)
    assert [(row.depth, row.name, row.kind, row.shape, row.parameters) for row in rows] == [
        (0, "photos", "InputLayer", "16 x 16 x 3", 0),
        (0, "normalize", "Rescaling", "16 x 16 x 3", 0),
        (0, "colours", "Conv2D", "16 x 16 x 2", 56),
        (0, "head", "Sequential", "2", 6),
        (1, "pool", "GlobalAveragePooling2D", "2", 0),
        (1, "logits", "Dense", "2", 6),
        (0, "probabilities", "Activation", "2", 0),
    ]
    assert sum(row.parameters for row in rows if row.depth == 0) == model.count_params()


def test_a_saved_network_tells_the_same(tmp_path: Any) -> None:
    model = colour_network()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    photos = np.stack([photo((2, 3, 0), (9, 9, 2))])
    assert np.allclose(grad_cam(model, photos, [0]), grad_cam(again, photos, [0]))
    assert layer_rows(again) == layer_rows(model)


def test_an_overlay_covers_the_warm_and_leaves_the_cold() -> None:
    picture = np.full((40, 60, 3), 100, np.uint8)
    heat = np.zeros((4, 6))
    heat[0, 0] = 1
    covered = overlay(picture, heat)
    assert covered.shape == picture.shape
    assert (covered[30:, 40:] == 100).all()
    assert np.abs(covered[2, 2].astype(int) - 100).max() > 50


def test_feature_maps_are_those_of_the_first_and_the_last_convolution() -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, name="first")(inputs)
    x = layers.Conv2D(5, 3, name="middle")(x)
    x = layers.SeparableConv2D(6, 3, name="last")(x)
    model = keras.Model(inputs, layers.GlobalAveragePooling2D()(x))
    photos = np.stack([photo((0, 0, 0)), photo((8, 8, 2)), photo()])
    found = feature_maps(model, photos)
    assert {name: maps.shape for name, maps in found.items()} == {"first": (3, 14, 14, 4), "last": (3, 10, 10, 6)}
    direct = keras.Model(inputs, model.get_layer("last").output)(photos.astype(np.float32))
    assert np.allclose(found["last"], direct, atol=1e-5)


def test_feature_maps_are_drawn_a_row_for_each_photo() -> None:
    photos = np.stack([photo((0, 0, 0)), photo((8, 8, 2))])
    (only,) = feature_map_pictures(colour_network(), photos)
    assert only.title == "First convolution, colours: 2 maps of 16 x 16"
    drawn = cv2.imdecode(np.frombuffer(only.png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert drawn is not None
    # Two photos below each other; each with two maps beside it; between them, the page shows through.
    assert drawn.shape == (2 * 112 + 4, 3 * 112 + 2 * 4, 4)
    assert (drawn[112:116, :, 3] == 0).all()
    assert (drawn[:112, :112, 2][:20, :20] == 250).all()
    assert drawn[:112, 116:228].std() > 10


def test_a_network_without_convolutions_has_no_feature_maps() -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)))
    assert feature_map_pictures(model, photo()[np.newaxis]) == ()


def test_mistakes_are_given_their_photo_and_heat() -> None:
    wrong = Wrong(7, "cat/7.png", "cat", "dog", 0.9, 0)
    picture = photo((2, 3, 0))
    (one,) = explained(colour_network(), [wrong], picture[np.newaxis])
    assert (one.name, one.truth, one.predicted, one.score) == ("cat/7.png", "cat", "dog", 0.9)
    assert (one.photo == picture).all()
    assert one.heat[3, 4] > 0.9
