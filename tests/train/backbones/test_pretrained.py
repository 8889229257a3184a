"""The networks of keras.applications: each is the published one, takes plain photos, and can be cut."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import pytest
from keras import applications

from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer
from sagui.infer.runtimes.litert import load
from sagui.train.backbones import pretrained
from sagui.train.backbones.keras_applications import Application
from sagui.train.backbones.port import Backbone, HeadDefaults, Options
from sagui.train.cut import block_ends, cut

Floats = npt.NDArray[np.float32]
Difference = Callable[[Floats, Floats], float]


class Published(NamedTuple):
    """What is known of a network.

    ``parameters`` is what Keras counts without the head; ``millions`` is what https://keras.io/api/applications/
    documents with a head of 1,000 classes (for MobileNetV3, table 3 and 4 of its paper), whose hidden layers are
    ``hidden``.
    """

    application: Application
    module: ModuleType
    blocks: int
    parameters: int
    millions: float
    hidden: tuple[int, ...] = ()


_VGG_HEAD = (4096, 4096)
PUBLISHED = {
    published.application.name: published
    for published in (
        Published(pretrained.MOBILENET_V1, applications.mobilenet, 13, 3_228_864, 4.3),
        Published(pretrained.MOBILENET_V2, applications.mobilenet_v2, 17, 2_257_984, 3.5),
        Published(pretrained.MOBILENET_V3_SMALL, applications.mobilenet_v3, 11, 939_120, 2.5, (1024,)),
        Published(pretrained.MOBILENET_V3_LARGE, applications.mobilenet_v3, 15, 2_996_352, 5.4, (1280,)),
        Published(pretrained.EFFICIENTNET_V2_B0, applications.efficientnet_v2, 21, 5_919_312, 7.2),
        Published(pretrained.RESNET50, applications.resnet, 16, 23_587_712, 25.6),
        Published(pretrained.RESNET101, applications.resnet, 33, 42_658_176, 44.7),
        Published(pretrained.RESNET152, applications.resnet, 50, 58_370_944, 60.4),
        Published(pretrained.RESNET50_V2, applications.resnet_v2, 16, 23_564_800, 25.6),
        Published(pretrained.RESNET101_V2, applications.resnet_v2, 33, 42_626_560, 44.7),
        Published(pretrained.RESNET152_V2, applications.resnet_v2, 50, 58_331_648, 60.4),
        Published(pretrained.VGG16, applications.vgg16, 5, 14_714_688, 138.4, _VGG_HEAD),
        Published(pretrained.VGG19, applications.vgg19, 5, 20_024_384, 143.7, _VGG_HEAD),
        Published(pretrained.INCEPTION_V3, applications.inception_v3, 11, 21_802_784, 23.9),
        Published(pretrained.CONVNEXT_TINY, applications.convnext, 18, 27_820_128, 28.6),
        Published(pretrained.DENSENET121, applications.densenet, 58, 7_037_504, 8.1),
        Published(pretrained.XCEPTION, applications.xception, 12, 20_861_480, 22.9),
    )
}
BACKBONES = {backbone.name: backbone for backbone in pretrained.BACKBONES}


class Built(NamedTuple):
    """A network, what Keras' own function builds, and what the network makes of photos."""

    backbone: Backbone
    published: Published
    network: keras.Model
    donor: keras.Model
    photos: Floats
    maps: Floats


@pytest.fixture(scope="module", params=sorted(PUBLISHED))
def built(request: pytest.FixtureRequest, randomize: Callable[..., None], photos_of: Callable[..., Floats]) -> Built:
    """Both have the same random weights, which the network takes for ImageNet's."""
    published, backbone = PUBLISHED[request.param], BACKBONES[request.param]
    shape = (backbone.min_size, backbone.min_size, 3)
    donor = published.application.function(input_shape=shape, include_top=False, weights=None)
    randomize(donor)

    def download(*, weights: str, **_: Any) -> keras.Model:
        assert weights == "imagenet"
        return donor

    network = backbone.build(shape, Options())
    replace(published.application, function=download).load(network, None, Options())
    photos = photos_of(backbone.min_size, count=1)
    return Built(backbone, published, network, donor, photos, np.asarray(network(photos, training=False)))


def test_every_network_is_tried() -> None:
    assert set(PUBLISHED) == set(BACKBONES)


def test_a_network_is_the_published_one(built: Built) -> None:
    assert built.network.count_params() == built.published.parameters
    channels = built.network.output_shape[-1]
    maps = 7 * 7 if built.published.hidden == _VGG_HEAD else 1  # VGG flattens its last maps, of 7 x 7 at 224 pixels
    sizes = (channels * maps, *built.published.hidden, 1000)
    head = sum((one + 1) * other for one, other in pairwise(sizes))
    # Documented to a tenth of a million; what MobileNetV3's paper says is 0.06 and 0.11 below what Keras counts.
    assert (built.network.count_params() + head) / 1e6 == pytest.approx(built.published.millions, abs=0.11)


def test_a_photo_is_normalized_as_keras_does(built: Built, difference: Difference) -> None:
    prepared = built.published.module.preprocess_input(built.photos.copy())
    expected = np.asarray(built.donor(prepared, training=False))
    assert difference(built.maps, expected) < 1e-4


def test_a_cut_changes_nothing(built: Built, difference: Difference) -> None:
    ends = block_ends(built.network, built.backbone.block_end)
    assert len(ends) == built.published.blocks
    for blocks in (1, len(ends) // 2):
        trunk, tail = cut(built.network, built.backbone.block_end, blocks)
        assert trunk.count_params() + tail.count_params() == built.network.count_params()
        parts = tail(trunk(built.photos, training=False), training=False)
        assert difference(np.asarray(parts), built.maps) < 1e-5


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=lambda backbone: backbone.name)
def test_a_network_says_where_its_weights_come_from_and_gets_a_light_head(backbone: Backbone) -> None:
    assert backbone.source == "keras.applications"
    assert backbone.head == HeadDefaults("average", (), 0.3)


def test_a_network_for_phones_converts_to_the_builtin_ops_of_tflite(
    tmp_path: Path, randomize: Callable[..., None], photos_of: Callable[..., Floats], difference: Difference
) -> None:
    network, photos = BACKBONES["mobilenet-v3-small"].build((32, 32, 3), Options()), photos_of(32, count=1)
    randomize(network)
    export_saved_model(network, tmp_path / "saved", "float32")
    runtime = load(convert_saved_model(tmp_path / "saved", Quantizer(MODES["none"]), tmp_path / "log.txt"), threads=1)
    expected = np.asarray(network(photos, training=False))
    assert difference(runtime.invoke(photos[0]).reshape(expected.shape), expected) < 1e-4


def test_a_tail_whose_blocks_end_with_plain_sums_can_be_saved(
    tmp_path: Path, photos_of: Callable[..., Floats], difference: Difference
) -> None:
    backbone = BACKBONES["convnext-tiny"]
    trunk, tail = cut(backbone.build((32, 32, 3), Options()), backbone.block_end, 1)
    maps = trunk(photos_of(32, count=1), training=False)
    tail.save(tmp_path / "tail.keras")
    again = keras.models.load_model(tmp_path / "tail.keras", compile=False)
    assert difference(np.asarray(again(maps, training=False)), np.asarray(tail(maps, training=False))) < 1e-6
