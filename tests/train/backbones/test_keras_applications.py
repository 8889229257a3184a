"""How a network of keras.applications is built and filled, and what is said when that cannot be."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from sagui.train.backbones import pretrained
from sagui.train.backbones.keras_applications import CAFFE, TF, TORCH, Application
from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch import resnet20
from sagui.train.errors import RecipeError, WeightsError

SHAPE = (32, 32, 3)


def no_network(*_args: object, **_kwargs: object) -> str:
    raise Exception("URL fetch failure on https://storage.googleapis.com: None -- [Errno -3]")  # noqa: TRY002


def test_no_network_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.src.applications.mobilenet.file_utils.get_file", no_network)
    model = pretrained.MOBILENET_V1.build(SHAPE, Options())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns of photos that are not of 224 pixels
        with pytest.raises(WeightsError, match=r"could not be had: URL fetch failure .*--weights FILE") as caught:
            pretrained.MOBILENET_V1.load(model, None, Options())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("application", "widths"),
    [(pretrained.MOBILENET_V1, "0.25, 0.5, 0.75, 1;"), (pretrained.MOBILENET_V2, "0.35, 0.5, 0.75, 1, 1.3, 1.4;")],
)
def test_a_width_without_imagenet_weights_is_refused_before_any_download(
    monkeypatch: pytest.MonkeyPatch, application: Application, widths: str
) -> None:
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", no_network)
    options = Options(alpha=0.6)
    model = application.build(SHAPE, options)
    with pytest.raises(RecipeError, match=rf"backbone\.alpha = 0\.6: {application.name} .* {widths}"):
        application.load(model, None, options)


@pytest.mark.parametrize("application", [pretrained.MOBILENET_V1, pretrained.MOBILENET_V2])
def test_every_offered_width_is_one_that_keras_has(monkeypatch: pytest.MonkeyPatch, application: Application) -> None:
    def begin(*_args: object, **_kwargs: object) -> None:
        raise ValueError("begins to build")  # which Keras does once it has checked its arguments

    model = application.build(SHAPE, Options())
    monkeypatch.setattr(f"{application.function.__module__}.layers.Input", begin)
    for alpha in application.alphas:
        with pytest.raises(WeightsError, match="begins to build"):
            application.load(model, None, Options(alpha=alpha))
    with pytest.raises(WeightsError, match="alpha"):
        replace(application, alphas=(0.6,)).load(model, None, Options(alpha=0.6))


def test_a_narrow_network_is_narrow() -> None:
    whole = pretrained.MOBILENET_V1.build(SHAPE, Options())
    half = pretrained.MOBILENET_V1.build(SHAPE, Options(alpha=0.5))
    assert half.output_shape[-1] == whole.output_shape[-1] // 2
    # Howard et al., 2017, table 6: 4.2 M and 1.3 M with 1,000 classes
    assert (half.count_params() + 513 * 1000) / 1e6 == pytest.approx(1.3, abs=0.1)


def test_a_network_of_no_width_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"mobilenet-v1 cannot be built with backbone\.alpha = 0\.01: .*filters"):
        pretrained.MOBILENET_V1.build(SHAPE, Options(alpha=0.01))


@pytest.mark.parametrize(
    ("application", "smallest"), [(pretrained.INCEPTION_V3, 75), (pretrained.XCEPTION, 71), (pretrained.VGG16, 32)]
)
def test_a_photo_that_is_too_small_is_refused(application: Application, smallest: int) -> None:
    with pytest.raises(RecipeError, match=rf"at least {smallest} x {smallest} pixels, not 224 x {smallest - 1}"):
        application.build((224, smallest - 1, 3), Options())


def test_a_grey_photo_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"resnet50 takes photos of 3 channels \(RGB\), not 1"):
        pretrained.RESNET50.build((64, 64, 1), Options())


@pytest.mark.parametrize("application", [pretrained.MOBILENET_V1, pretrained.VGG16])
def test_weights_come_from_a_file_as_keras_writes_it(
    tmp_path: Path, application: Application, randomize: Callable[..., None]
) -> None:
    donor = application.function(input_shape=SHAPE, include_top=False, weights=None)
    randomize(donor, 1)
    donor.save_weights(tmp_path / "own.weights.h5")
    model = application.build(SHAPE, Options())
    application.load(model, tmp_path / "own.weights.h5", Options())
    loaded, given = model.get_weights(), donor.get_weights()
    if application.normalization is CAFFE:
        loaded[0] = loaded[0][:, :, ::-1]  # its weights expect blue first, our photos have red first
    assert all(np.array_equal(new, old) for new, old in zip(loaded, given, strict=True))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    resnet20.build(SHAPE, Options()).save_weights(tmp_path / "other.weights.h5")
    model = pretrained.MOBILENET_V2.build(SHAPE, Options())
    with pytest.raises(WeightsError, match=r"other.weights.h5: not weights of mobilenet-v2"):
        pretrained.MOBILENET_V2.load(model, tmp_path / "other.weights.h5", Options())


def test_a_photo_gives_no_warning(photos_of: Callable[..., Any]) -> None:
    model = pretrained.MOBILENET_V1.build(SHAPE, Options())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(photos_of(32), training=False)


@pytest.mark.parametrize(("normalization", "mode"), [(CAFFE, "caffe"), (TF, "tf"), (TORCH, "torch")])
def test_a_way_to_normalize_is_keras_own(normalization: Any, mode: str, photos_of: Callable[..., Any]) -> None:
    photos = photos_of(4)
    found = np.asarray(keras.layers.Rescaling(normalization.scale, normalization.offset)(photos))
    if mode == "caffe":
        found = found[..., ::-1]
    expected = keras.applications.imagenet_utils.preprocess_input(photos.copy(), mode=mode)
    assert np.allclose(found, expected, atol=1e-5)
