"""What turns feature maps into scores: a pooling layer, hidden layers if any, and one logit for each label."""

import keras
import numpy as np
from keras import layers

from sagui.train.recipe.choices import HeadChoice, Initialization, Pooling

_INITIALIZERS = {
    "glorot-uniform": keras.initializers.GlorotUniform,
    "glorot-normal": keras.initializers.GlorotNormal,
    "he-uniform": keras.initializers.HeUniform,
    "he-normal": keras.initializers.HeNormal,
}


# Statistics of some ten batches; Keras' 0.99 asks for hundreds of steps before validation sees what training did.
_BN_MOMENTUM = 0.9


def make_initializer(initialization: Initialization, seed: int, position: int) -> keras.initializers.Initializer:
    """Draws a layer's first weights (Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015).

    Args:
        initialization: Its name.
        seed: The recipe's.
        position: Of the layer: two layers must not begin alike.
    """
    return _INITIALIZERS[initialization](seed=derived_seed(seed, position))


def derived_seed(seed: int, position: int) -> int:
    """Gives each of a model's random parts a seed of its own, in 32 bits."""
    return int(np.random.SeedSequence([seed, position]).generate_state(1)[0])


def make_pool(pooling: Pooling | None) -> keras.Layer:
    """Makes the layer ``pool``: from maps ``(batch, h, w, c)`` to vectors.

    Raises:
        ValueError: The pooling is not filled in.
    """
    match pooling:
        case "average":
            return layers.GlobalAveragePooling2D(name="pool")
        case "max":
            return layers.GlobalMaxPooling2D(name="pool")
        case "flatten":
            return layers.Flatten(name="pool")
        case None:
            raise ValueError("head.pooling must be filled in first")


def make_head(
    maps_shape: tuple[int, int, int], labels: int, choice: HeadChoice, initialization: Initialization, seed: int
) -> keras.Sequential:
    """Makes the whole head: from feature maps ``(batch, h, w, c)`` to logits ``(batch, labels)``.

    Args:
        maps_shape: ``(h, w, c)``.
        labels: How many classes.
        choice: Resolved: ``pooling``, ``dense`` and ``dropout`` are filled in.
        initialization: Of its kernels.
        seed: Of kernels and dropout.

    Returns:
        A model named ``head``: `make_pool`, and the layers that classify.

    Raises:
        ValueError: The choice is not resolved.
    """
    stack = _stack(labels, choice, initialization, seed)
    return keras.Sequential([keras.Input(maps_shape), make_pool(choice.pooling), *stack], name="head")


def _stack(labels: int, choice: HeadChoice, initialization: Initialization, seed: int) -> list[keras.Layer]:
    if choice.dense is None or choice.dropout is None:
        raise ValueError(f"head.dense and head.dropout must be filled in first: {choice}")
    stack: list[keras.Layer] = []
    for number, size in enumerate(choice.dense, 1):
        kernel = make_initializer(initialization, seed, 2 * number)
        stack.append(_dropout(choice.dropout, seed, number))
        # Normalization brings a shift of its own, so a bias before it would be lost.
        stack.append(
            layers.Dense(size, use_bias=not choice.batch_norm, kernel_initializer=kernel, name=f"dense{number}")
        )
        if choice.batch_norm:
            stack.append(layers.BatchNormalization(momentum=_BN_MOMENTUM, name=f"dense{number}_bn"))
        stack.append(layers.ReLU(name=f"dense{number}_relu"))
    kernel = make_initializer(initialization, seed, 0)
    # Scores are computed in 32 bits even where the rest is in 16: softmax and logarithms need them.
    logits = layers.Dense(labels, kernel_initializer=kernel, dtype="float32", name="logits")
    return [*stack, _dropout(choice.dropout, seed, 0), logits]


def _dropout(share: float, seed: int, number: int) -> keras.Layer:
    """Srivastava et al., JMLR 2014."""
    name = f"dropout{number}" if number else "dropout"
    return layers.Dropout(share, seed=derived_seed(seed, 2 * number + 1), name=name)
