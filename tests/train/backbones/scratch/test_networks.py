"""What holds for every network that learns from nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer
from sagui.infer.runtimes.litert import load
from sagui.train.backbones.port import Backbone, Options
from sagui.train.backbones.scratch import alexnet, googlenet, lenet5, resnet20, shufflenet_v2, vgg
from sagui.train.cut import block_ends, cut
from sagui.train.errors import RecipeError, WeightsError

BLOCKS = {
    lenet5.BACKBONE: 2,
    alexnet.BACKBONE: 5,
    vgg.BACKBONE: 3,
    googlenet.BACKBONE: 11,
    resnet20.BACKBONE: 9,
    shufflenet_v2.BACKBONE: 17,
}
SIDES = {"alexnet": 67, "googlenet": 64, "shufflenet-v2": 64}
Built = tuple[Backbone, keras.Model]


def side_of(backbone: Backbone) -> int:
    return SIDES.get(backbone.name, backbone.image_size)


@pytest.fixture(scope="module", params=BLOCKS, ids=lambda backbone: backbone.name)
def built(request: pytest.FixtureRequest, randomize: Callable[..., None]) -> Built:
    side = side_of(request.param)
    network = request.param.build((side, side, 3), Options())
    randomize(network)
    return request.param, network


def test_every_block_can_be_cut_off(built: Built, photos_of: Callable[..., Any], difference: Any) -> None:
    backbone, network = built
    ends = block_ends(network, backbone.block_end)
    assert len(ends) == BLOCKS[backbone]
    assert all(end.endswith("_out") for end in ends)
    # No layer is called as if it ended a block, and does not.
    assert [layer.name for layer in network.layers if re.fullmatch(backbone.block_end, layer.name)] == ends
    photos = photos_of(network.input_shape[1])
    whole = np.asarray(network(photos, training=False))
    for blocks in range(len(ends)):
        trunk, tail = cut(network, backbone.block_end, blocks)
        assert difference(np.asarray(tail(trunk(photos, training=False), training=False)), whole) < 1e-5
        assert trunk.count_params() + tail.count_params() == network.count_params()


def test_it_converts_to_the_builtin_ops_of_tflite(
    built: Built, tmp_path: Path, photos_of: Callable[..., Any], difference: Any
) -> None:
    _, network = built
    photos = photos_of(network.input_shape[1], count=1)
    export_saved_model(network, tmp_path / "saved", "float32")
    runtime = load(convert_saved_model(tmp_path / "saved", Quantizer(MODES["none"]), tmp_path / "log.txt"), threads=1)
    expected = np.asarray(network(photos, training=False))
    assert difference(np.asarray(runtime.invoke(photos[0])).reshape(expected.shape), expected) < 1e-4


def test_a_saved_network_is_the_same(built: Built, tmp_path: Path, photos_of: Callable[..., Any]) -> None:
    _, network = built
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras", compile=False)
    photos = photos_of(network.input_shape[1])
    assert np.array_equal(again(photos, training=False), network(photos, training=False))


def test_pixels_are_normalized_inside(built: Built) -> None:
    _, network = built
    normalized = keras.Model(network.input, network.get_layer("normalize").output)
    shape = network.input_shape[1:]
    ends = np.asarray(normalized(np.stack([np.zeros(shape), np.full(shape, 255.0)]).astype(np.float32)))
    assert (ends.min(), ends.max()) == pytest.approx((-1.0, 1.0))


def test_running_averages_follow_a_small_dataset(built: Built) -> None:
    _, network = built
    momenta = {layer.momentum for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)}
    assert momenta <= {0.9}


def test_there_are_no_imagenet_weights(built: Built) -> None:
    backbone, network = built
    assert backbone.source is None
    with pytest.raises(WeightsError, match=f"no ImageNet weights of {backbone.name}"):
        backbone.load(network, None, Options())


@pytest.mark.parametrize("backbone", BLOCKS, ids=lambda backbone: backbone.name)
def test_the_smallest_photo_is_taken_also_in_grey_and_a_smaller_one_refused(backbone: Backbone) -> None:
    side = SIDES["alexnet"] if backbone is alexnet.BACKBONE else backbone.min_size
    network = backbone.build((side, side, 1), Options())
    assert network.input_shape == (None, side, side, 1)
    assert min(network.output_shape[1:]) > 0
    with pytest.raises(RecipeError, match=rf"{backbone.name} .*pixels, not {side} x 4: set input.size to"):
        backbone.build((side, 4, 3), Options())
