"""Weights from a file that Keras wrote."""

import warnings
from pathlib import Path

import keras
import numpy as np

from sagui.train.backbones.port import Options
from sagui.train.errors import WeightsError


def load_weights_file(network: keras.Model, file: Path) -> None:
    """Fills a whole network.

    Args:
        network: It; useless after an error.
        file: Of the same network, without its head: ``.weights.h5``, or ``.h5`` of an older Keras.

    Raises:
        WeightsError: There is no such file, or it holds another network, a part of this one, or numbers that are none.
    """
    if not file.is_file():
        raise WeightsError(f"{file}: no such weights file")
    # Not every Keras refuses a file without some layer's weights, some only warn: a mark shows what was left as it was.
    network.set_weights([np.full_like(array, np.nan) for array in network.get_weights()])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            network.load_weights(file)
    except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise WeightsError(
            f"{file}: not weights of {network.name} without its head (a .weights.h5 or .h5 file): {reason}"
        ) from error
    if any(np.isnan(array).any() for array in network.get_weights()):
        raise WeightsError(f"{file}: not weights of {network.name} without its head: some of its layers are not in it")


def load_own(network: keras.Model, file: Path | None, _: Options) -> None:
    """Fills a network that nobody publishes ImageNet weights of; see `sagui.train.backbones.port.Backbone`.

    Raises:
        WeightsError: No file was given, or it does not fit.
    """
    if file is None:
        raise WeightsError(
            f"there are no ImageNet weights of {network.name}: set backbone.weights to none, to learn from scratch, "
            "or to a file of its own weights"
        )
    load_weights_file(network, file)
