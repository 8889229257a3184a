"""Weights from a file: the whole network's, or an error that says why not."""

import pickle
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import h5py  # type: ignore[import-untyped]
import keras
import numpy as np
import pytest

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch import resnet20
from sagui.train.backbones.weights_file import load_own, load_weights_file
from sagui.train.errors import WeightsError

SHAPE = (32, 32, 3)


@pytest.fixture(scope="module")
def donor(randomize: Callable[..., None]) -> keras.Model:
    network = resnet20.build(SHAPE, Options())
    randomize(network, 1)
    return network


@pytest.fixture
def model() -> keras.Model:
    return resnet20.build(SHAPE, Options())


@pytest.mark.parametrize("name", ["own.weights.h5", "own.h5"])
def test_weights_come_back_as_they_were(tmp_path: Path, donor: keras.Model, model: keras.Model, name: str) -> None:
    if name == "own.h5":
        donor.save(tmp_path / name)  # an older Keras' format of a whole model
    else:
        donor.save_weights(tmp_path / name)
    load_own(model, tmp_path / name, Options())
    assert all(np.array_equal(new, old) for new, old in zip(model.get_weights(), donor.get_weights(), strict=True))


@pytest.mark.parametrize("kind", ["conv2d", "batch_normalization"])
def test_a_file_without_one_layer_is_refused(tmp_path: Path, donor: keras.Model, model: keras.Model, kind: str) -> None:
    path = tmp_path / "part.weights.h5"
    donor.save_weights(path)
    with h5py.File(path, "a") as file:
        del file[f"layers/{kind}_3/vars"]
    with pytest.raises(WeightsError, match=r"part.weights.h5: not weights of resnet20 without its head"):
        load_weights_file(model, path)


def test_a_layer_that_keras_skips_with_a_warning_is_an_error(
    tmp_path: Path, donor: keras.Model, model: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def skip_one(network: keras.Model, _: Path) -> None:
        for layer in network.layers[:-3]:
            layer.set_weights(donor.get_layer(layer.name).get_weights())
        warnings.warn("skipping the rest", stacklevel=1)

    path = tmp_path / "part.weights.h5"
    donor.save_weights(path)
    monkeypatch.setattr(keras.Model, "load_weights", skip_one)
    with pytest.raises(WeightsError, match=r"part.weights.h5: .* some of its layers are not in it"):
        load_weights_file(model, path)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, model: keras.Model) -> None:
    broken = resnet20.build(SHAPE, Options())
    broken.get_layer("stem_bn").gamma.assign(np.full(16, np.nan))
    broken.save_weights(tmp_path / "broken.weights.h5")
    with pytest.raises(WeightsError, match=r"broken.weights.h5"):
        load_weights_file(model, tmp_path / "broken.weights.h5")


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps({"a": 1})])
def test_what_holds_no_weights_is_refused(tmp_path: Path, model: keras.Model, content: bytes) -> None:
    path = tmp_path / "own.weights.h5"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=re.escape(str(path))) as caught:
        load_weights_file(model, path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path, model: keras.Model) -> None:
    with pytest.raises(WeightsError, match=r"gone\.h5: no such weights file"):
        load_weights_file(model, tmp_path / "gone.h5")


def test_a_network_without_imagenet_weights_says_so(model: keras.Model) -> None:
    with pytest.raises(WeightsError, match=r"no ImageNet weights of resnet20: set backbone\.weights to none"):
        load_own(model, None, Options())
