"""Where a network looks, and what its layers see."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from sagui.train.errors import TrainError
from sagui.train.report.drawing import draw_maps
from sagui.train.report.facts import Mistake, Picture
from sagui.train.report.mistakes import Wrong

_BATCH = 8
_MAPS_RANK = 4
_CONVOLUTIONS = (layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D)
_SHOWN_MAPS = 8
_Photos = npt.NDArray[np.uint8]


def grad_cam(model: keras.Model, photos: _Photos, class_numbers: Sequence[int]) -> npt.NDArray[np.float32]:
    """Finds what in each photo spoke for a class.

    Selvaraju et al., "Grad-CAM", ICCV 2017, https://arxiv.org/abs/1610.02391, equations 1 and 2: the last feature
    maps, each weighted by the mean gradient of the class's logit, where their sum is positive.

    Args:
        model: From photos to probabilities; its last layer is named ``probabilities`` and takes logits.
        photos: ``(photos, height, width, 3)``, 0-255, as the network takes them.
        class_numbers: For each photo, the class that is asked for.

    Returns:
        ``(photos, h, w)``, 0 to 1, as large as the last feature maps; all zero where nothing spoke for the class.

    Raises:
        TrainError: The network has no feature maps.
    """
    trunk, rest = _cut_at_last_maps(model)
    heats = [np.empty((0, *trunk.output_shape[1:3]), np.float32)]
    for start in range(0, len(photos), _BATCH):
        batch = tf.constant(photos[start : start + _BATCH], tf.float32)
        classes = tf.one_hot(class_numbers[start : start + _BATCH], rest.output_shape[-1])
        heats.append(_heat(trunk(batch, training=False), rest, classes))
    return np.concatenate(heats)


def _cut_at_last_maps(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """From photos to the last maps with more than one place, and from there to the logits."""
    logits = model.get_layer("probabilities").input
    for maps in _back_from(logits):
        if maps.ndim != _MAPS_RANK or maps.shape[1:3] == (1, 1):
            continue
        try:
            return keras.Model(model.input, maps), keras.Model(maps, logits)
        except ValueError:
            # These maps are of one branch, and others go around it: further back, the branches begin.
            continue
    raise TrainError("the network has no feature maps before its logits, so nothing can be said of where it looks")


def _back_from(tensor: Any) -> Iterator[Any]:  # noqa: ANN401 (Keras ships no types)
    """What a tensor was made of, and what that was made of, but for the photos; of several inputs, the first."""
    while True:
        operation, node, _ = tensor._keras_history  # noqa: SLF001 (there is no public way)
        sources = operation._inbound_nodes[node].input_tensors  # noqa: SLF001
        if not sources:
            return
        yield tensor
        tensor = sources[0]


def _heat(maps: tf.Tensor, rest: keras.Model, classes: tf.Tensor) -> npt.NDArray[np.float32]:
    with tf.GradientTape() as tape:
        tape.watch(maps)
        asked = tf.reduce_sum(tf.cast(rest(maps, training=False), tf.float32) * classes)
    gradients = np.asarray(tape.gradient(asked, maps), np.float32)
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    heat = np.maximum((weights * np.asarray(maps, np.float32)).sum(axis=-1), 0.0)
    return np.asarray(heat / np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12), np.float32)


def explained(model: keras.Model, wrong: Sequence[Wrong], photos: _Photos) -> tuple[Mistake, ...]:
    """Adds to mistakes the photos and what spoke for the label they are wrong about.

    Args:
        model: See `grad_cam`.
        wrong: See `sagui.train.report.mistakes.worst_mistakes`.
        photos: Theirs, in their order, ``(photos, height, width, 3)``, as the network takes them.

    Raises:
        TrainError: The network has no feature maps.
    """
    if not wrong:
        return ()
    heats = grad_cam(model, photos, [one.class_number for one in wrong])
    return tuple(
        Mistake(one.name, one.truth, one.predicted, one.score, photo, heat)
        for one, photo, heat in zip(wrong, photos, heats, strict=True)
    )


def feature_maps(model: keras.Model, photos: _Photos) -> dict[str, npt.NDArray[np.float32]]:
    """Computes what the first and the last convolution make of photos.

    Args:
        model: Takes photos; a functional model with its convolutions at the top level.
        photos: ``(photos, height, width, 3)``, 0-255.

    Returns:
        ``(photos, h, w, channels)`` by the layer's name; empty where the network has no convolution.
    """
    found = [layer for layer in model.layers if isinstance(layer, _CONVOLUTIONS)]
    chosen = {layer.name: layer.output for layer in (found[:1] + found[-1:])}
    if not chosen:
        return {}
    # Named by us: Keras would name outputs by what it finds.
    values = keras.Model(model.input, list(chosen.values()))(tf.constant(photos, tf.float32), training=False)
    return {name: np.asarray(value, np.float32) for name, value in zip(chosen, keras.tree.flatten(values), strict=True)}


def feature_map_pictures(model: keras.Model, photos: _Photos) -> tuple[Picture, ...]:
    """Draws `feature_maps`: a row for each photo, then the maps that differ most from place to place.

    Args:
        model: See `feature_maps`.
        photos: A few.
    """
    pictures = []
    for at, (name, maps) in enumerate(feature_maps(model, photos).items()):
        height, width, channels = maps.shape[1:]
        strongest = np.argsort(-maps.std(axis=(1, 2)).mean(axis=0), kind="stable")[:_SHOWN_MAPS]
        which, about = (("First", _FIRST), ("Last", _LAST))[at]
        pictures.append(
            Picture(
                title=f"{which} convolution, {name}: {channels} maps of {width} x {height}",
                about=about,
                png=draw_maps(photos, maps[..., strongest]),
            )
        )
    return tuple(pictures)


_FIRST = (
    "Each row is a photo and eight of the maps made of it, brighter where the filter answers: near the photo, filters "
    "answer to edges, spots and colours, and the photo is still to be seen in them."
)
_LAST = (
    "The same photos at the end: the maps are coarse, and a bright place means that something the network has a notion "
    "of is there. Maps that light up for photos of one class alone are what the head tells classes by."
)
