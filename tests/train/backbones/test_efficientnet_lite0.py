"""EfficientNet-Lite0, whose ImageNet weights come from a package."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from sagui.train.backbones.efficientnet_lite0 import BACKBONE, build, load
from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch import resnet20
from sagui.train.cut import block_ends, cut
from sagui.train.errors import WeightsError

SHAPE = (64, 64, 3)


@pytest.fixture
def model() -> keras.Model:
    return build(SHAPE, Options())


def test_it_is_the_one_of_its_paper(model: keras.Model) -> None:
    assert model.count_params() == 3_413_024
    # 4.7 M with 1,000 classes: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    assert (model.count_params() + 1281 * 1000) / 1e6 == pytest.approx(4.7, abs=0.05)


def test_imagenet_weights_come_without_a_network(model: keras.Model, photos_of: Callable[..., Any]) -> None:
    before = model.get_weights()
    load(model, None, Options())
    assert not any(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    assert np.isfinite(np.asarray(model(photos_of(64), training=False))).all()


def test_a_cut_changes_nothing(
    model: keras.Model, randomize: Callable[..., None], photos_of: Callable[..., Any], difference: Any
) -> None:
    randomize(model)
    assert len(block_ends(model, BACKBONE.block_end)) == 16
    photos = photos_of(64)
    trunk, tail = cut(model, BACKBONE.block_end, 3)
    whole = np.asarray(model(photos, training=False))
    assert difference(np.asarray(tail(trunk(photos, training=False), training=False)), whole) < 1e-5


def test_pixels_are_normalized_inside(model: keras.Model) -> None:
    normalized = keras.Model(model.input, model.get_layer("normalize").output)
    ends = np.asarray(normalized(np.stack([np.zeros(SHAPE), np.full(SHAPE, 255.0)]).astype(np.float32)))
    assert (ends.min(), ends.max()) == (-127 / 128, 1.0)


def test_weights_of_another_network_are_refused(tmp_path: Path, model: keras.Model) -> None:
    resnet20.build((32, 32, 3), Options()).save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(WeightsError, match=r"other.weights.h5: not"):
        load(model, tmp_path / "other.weights.h5", Options())


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps({"a": 1})])
def test_what_holds_no_weights_is_refused(tmp_path: Path, model: keras.Model, content: bytes) -> None:
    path = tmp_path / "own.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=re.escape(str(path))):
        load(model, path, Options())


def test_a_missing_weights_file_is_named(tmp_path: Path, model: keras.Model) -> None:
    with pytest.raises(WeightsError, match=r"gone\.pth"):
        load(model, tmp_path / "gone.pth", Options())
