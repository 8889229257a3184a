"""The rules that turn gradients into steps, from a recipe's words to Keras' classes."""

from typing import Any, TypeAlias

import keras

from sagui.train.recipe.choices import OptimizerChoice, OptimizerName

Rate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule

_CLASSES: dict[OptimizerName, Any] = {
    "sgd": keras.optimizers.SGD,
    "momentum": keras.optimizers.SGD,
    "nesterov": keras.optimizers.SGD,
    "adagrad": keras.optimizers.Adagrad,
    "rmsprop": keras.optimizers.RMSprop,
    "adadelta": keras.optimizers.Adadelta,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
}

# These place and scale a layer's outputs; smaller ones are no simpler (He et al., "Bag of Tricks", CVPR 2019, 3.1).
_NOT_DECAYED = ["bias", "gamma", "beta"]


def make_optimizer(choice: OptimizerChoice, rate: Rate, weight_decay: float) -> keras.optimizers.Optimizer:
    """Makes the optimizer of a recipe.

    Weight decay shrinks weights by ``rate * weight_decay`` each step, apart from the gradient, whatever the
    optimizer (Loshchilov and Hutter, ICLR 2019, https://arxiv.org/abs/1711.05101). Adam with it is AdamW. Biases and
    the scales and shifts of normalization are left out; an optimizer that is read back from its configuration has
    forgotten that, so make it anew.

    Args:
        choice: Resolved: ``name``, ``clip_norm`` and ``average`` are filled in. Its learning rate is not looked at.
        rate: Size of the steps, or the schedule it follows; see `sagui.train.schedules.make_rate`.
        weight_decay: 0 for none.

    Raises:
        ValueError: The choice is not resolved.
    """
    if choice.name is None or choice.clip_norm is None or choice.average is None:
        raise ValueError(f"the optimizer's name, clip_norm and average must be filled in first: {choice}")
    options = _own(choice) | {
        "learning_rate": float(rate) if isinstance(rate, int | float) else rate,
        "global_clipnorm": choice.clip_norm or None,
        "use_ema": choice.average > 0,
        # Where no average is kept, this is not looked at.
        "ema_momentum": choice.average,
        "weight_decay": weight_decay or None,
    }
    if choice.name == "adamw":
        # Keras would take None for its own default.
        options["weight_decay"] = weight_decay
    optimizer = _CLASSES[choice.name](**options)
    optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer


def _own(choice: OptimizerChoice) -> dict[str, Any]:
    if choice.name == "momentum":
        return {"momentum": choice.momentum}
    if choice.name == "nesterov":
        return {"momentum": choice.momentum, "nesterov": True}
    return {}
