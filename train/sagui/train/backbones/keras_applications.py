"""Networks of ``keras.applications``, with their normalization inside the graph.

https://keras.io/api/applications/
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from sagui.train.errors import WeightsError


@dataclass(frozen=True)
class Application:
    """One function of ``keras.applications``, and what it expects of its input.

    Attributes:
        function: Builds the network.
        scale: Pixels are multiplied by it,
        offset: and this is added, one number or one per channel; None where the function's own graph normalizes.
        bgr_stem: Name of the first convolution, where the weights expect blue first.
    """

    function: Callable[..., keras.Model]
    scale: float | None = None
    offset: float | tuple[float, ...] = 0.0
    bgr_stem: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def build(self, input_shape: tuple[int, int, int]) -> keras.Model:
        """See `sagui.train.backbones.registry.Backbone`."""
        photos = keras.Input(input_shape, name="photos")
        x: Any = photos
        if self.scale is not None:
            x = layers.Rescaling(self.scale, self.offset, name="normalize")(photos)
        return self.function(input_tensor=x, include_top=False, weights=None, **self.options)

    def load(self, network: keras.Model, file: Path | None) -> None:
        """See `sagui.train.backbones.registry.Backbone`.

        Raises:
            WeightsError: The weights cannot be downloaded or read, or are another network's.
        """
        if file is None:
            network.set_weights(self._imagenet(network.input_shape[1:]))
        else:
            _load_file(network, file)
        if self.bgr_stem:
            # Our photos are RGB, these weights expect BGR: turn the kernel once, not every photo.
            stem = network.get_layer(self.bgr_stem)
            kernel, *bias = stem.get_weights()
            stem.set_weights([kernel[:, :, ::-1], *bias])

    def _imagenet(self, input_shape: tuple[int, int, int]) -> list[Any]:
        try:
            donor = self.function(input_shape=input_shape, include_top=False, weights="imagenet", **self.options)
        except Exception as error:  # Keras raises a bare Exception when a download fails
            reason = (str(error).splitlines() or [""])[0]
            raise WeightsError(
                f"the ImageNet weights could not be had: {reason}; connect to the internet once, give a file with "
                "--weights FILE, or start from efficientnet-lite0, whose weights come with sagui[train]"
            ) from error
        return list(donor.get_weights())


def _load_file(network: keras.Model, file: Path) -> None:
    if not file.is_file():
        raise WeightsError(f"{file}: no such weights file")
    before = [np.array(array) for array in network.get_weights()]
    try:
        with warnings.catch_warnings():
            # Keras warns of each layer it finds no weights for, and leaves it random; that is an error here.
            warnings.simplefilter("ignore", UserWarning)
            network.load_weights(file)
    except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise WeightsError(
            f"{file}: not weights of {network.name} without its head (a .weights.h5 or .h5 file): {reason}"
        ) from error
    after = network.get_weights()
    if any(old.ndim > 1 and np.array_equal(old, new) for old, new in zip(before, after, strict=True)):
        raise WeightsError(f"{file}: not weights of {network.name} without its head: some of its layers are not in it")


# Torch's and Caffe's ways to normalize, as documented at keras.applications.*.preprocess_input.
MOBILENET_V2 = Application(keras.applications.MobileNetV2, 1 / 127.5, -1.0)
MOBILENET_V3_SMALL = Application(keras.applications.MobileNetV3Small, options={"include_preprocessing": True})
MOBILENET_V3_LARGE = Application(keras.applications.MobileNetV3Large, options={"include_preprocessing": True})
RESNET50 = Application(keras.applications.ResNet50, 1.0, (-123.68, -116.779, -103.939), "conv1_conv")
