"""Each optimizer takes the step of its paper, and gets to the bottom of a bowl."""

import math
import typing
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from msgspec.structs import replace

from sagui.train.optimizers import make_optimizer
from sagui.train.recipe.choices import OptimizerChoice, OptimizerName, Schedule
from sagui.train.schedules import make_rate

NAMES: tuple[OptimizerName, ...] = typing.get_args(OptimizerName)
EPSILON = 1e-7


def choice(name: OptimizerName, momentum: float = 0.9, clip_norm: float = 0.0, average: float = 0.0) -> OptimizerChoice:
    return OptimizerChoice(name=name, momentum=momentum, clip_norm=clip_norm, average=average)


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


def variable(value: float, name: str = "kernel") -> Any:
    return keras.Variable(floats(value), name=name)


def steps(optimizer: keras.optimizers.Optimizer, start: float, gradients: list[float]) -> float:
    weight = variable(start)
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(floats(gradient))], [weight])
    return float(weight.numpy()[0])


def adam(rate: float, gradients: list[float]) -> float:
    """Kingma and Ba, ICLR 2015, algorithm 1 with the epsilon of the remark before section 2.1."""
    moved = first = second = 0.0
    for step, gradient in enumerate(gradients, 1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        scaled = rate * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        moved -= scaled * first / (math.sqrt(second) + EPSILON)
    return moved


def adadelta(rate: float, gradients: list[float]) -> float:
    """Zeiler, "ADADELTA", 2012, https://arxiv.org/abs/1212.5701, algorithm 1, times a rate."""
    moved = squares = steps_taken = 0.0
    for gradient in gradients:
        squares = 0.95 * squares + 0.05 * gradient**2
        step = -math.sqrt(steps_taken + EPSILON) / math.sqrt(squares + EPSILON) * gradient
        steps_taken = 0.95 * steps_taken + 0.05 * step**2
        moved += rate * step
    return moved


def published(name: OptimizerName, rate: float, gradients: list[float]) -> float:  # noqa: PLR0911 (one each)
    """Where one variable, from 0, gets to by the formulas."""
    one, two = gradients
    match name:
        case "sgd":
            return -rate * (one + two)
        case "momentum":
            # Polyak, 1964; Sutskever et al., "On the importance of initialization and momentum", ICML 2013, eq. 1-2.
            return -rate * one + (0.9 * -rate * one - rate * two)
        case "nesterov":
            # Sutskever et al., ICML 2013, eq. 3-4, by the position from which the gradient is taken.
            velocity = -rate * one
            after = 0.9 * velocity - rate * two
            return (0.9 * velocity - rate * one) + (0.9 * after - rate * two)
        case "adagrad":
            # Duchi et al., JMLR 2011, figure 1; Keras begins the sum at 0.1.
            first, second = 0.1 + one**2, 0.1 + one**2 + two**2
            return -rate * (one / math.sqrt(first + EPSILON) + two / math.sqrt(second + EPSILON))
        case "rmsprop":
            # Hinton, "Neural Networks for Machine Learning", 2012, lecture 6e.
            first = 0.1 * one**2
            second = 0.9 * first + 0.1 * two**2
            return -rate * (one / math.sqrt(first + EPSILON) + two / math.sqrt(second + EPSILON))
        case "adadelta":
            return adadelta(rate, gradients)
        case "adam" | "adamw":
            return adam(rate, gradients)


@pytest.mark.parametrize("name", NAMES)
def test_two_steps_are_those_of_the_paper(name: OptimizerName) -> None:
    gradients = [0.5, -0.2]
    moved = steps(make_optimizer(choice(name), 0.1, 0.0), 0.0, gradients)
    assert moved == pytest.approx(published(name, 0.1, gradients), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("sgd", 0.1),
        ("momentum", 0.05),
        ("nesterov", 0.05),
        ("adagrad", 0.5),
        ("rmsprop", 0.05),
        ("adadelta", 100.0),
        ("adam", 0.1),
        ("adamw", 0.1),
    ],
)
def test_each_gets_to_the_bottom_of_a_bowl(name: OptimizerName, rate: float) -> None:
    weight = keras.Variable(floats(3.0, -2.0))
    scales = floats(1.0, 4.0)
    optimizer = make_optimizer(choice(name), rate, 0.0)
    for _ in range(150):
        optimizer.apply([scales * weight], [weight])
    assert float(np.sum(scales * weight.numpy() ** 2) / 2) < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_decay_shrinks_kernels_by_rate_times_decay_and_spares_the_rest(name: OptimizerName) -> None:
    optimizer = make_optimizer(choice(name), 0.5, 0.1)
    weights = [variable(2.0, part) for part in ("kernel", "bias", "gamma", "beta", "depthwise_kernel")]
    optimizer.apply([keras.ops.zeros((1,)) for _ in weights], weights)
    assert [float(weight.numpy()[0]) for weight in weights] == pytest.approx([1.9, 2, 2, 2, 1.9])


@pytest.mark.parametrize("name", NAMES)
def test_no_decay_is_none_whatever_keras_would_do_by_itself(name: OptimizerName) -> None:
    assert steps(make_optimizer(choice(name), 0.5, 0.0), 2.0, [0.0]) == 2.0


def test_decay_spares_what_layers_call_biases_and_normalization() -> None:
    model = keras.Sequential([keras.Input((4, 4, 2)), keras.layers.Conv2D(3, 3), keras.layers.BatchNormalization()])
    optimizer = make_optimizer(choice("adamw"), 1.0, 0.5)
    before = [weight.numpy() for weight in model.trainable_variables]
    optimizer.apply([keras.ops.zeros(weight.shape) for weight in model.trainable_variables], model.trainable_variables)
    changed = [
        weight.name
        for weight, old in zip(model.trainable_variables, before, strict=True)
        if not np.array_equal(weight.numpy(), old)
    ]
    assert changed == ["kernel"]


def test_a_long_gradient_is_cut_to_the_norm_over_all_variables() -> None:
    optimizer = make_optimizer(choice("sgd", clip_norm=1.0), 1.0, 0.0)
    weights = [variable(0.0), variable(0.0)]
    optimizer.apply([floats(30.0), floats(40.0)], weights)
    assert [float(weight.numpy()[0]) for weight in weights] == pytest.approx([-0.6, -0.8])


def test_no_norm_leaves_long_gradients_alone() -> None:
    assert steps(make_optimizer(choice("sgd"), 1.0, 0.0), 0.0, [50.0]) == -50


def test_the_average_of_weights_is_kept_beside_them() -> None:
    optimizer = make_optimizer(choice("sgd", average=0.9), 1.0, 0.0)
    weight = variable(0.0)
    for gradient in (1.0, 1.0, 1.0):
        optimizer.apply([floats(gradient)], [weight])
    assert float(weight.numpy()[0]) == -3
    optimizer.finalize_variable_values([weight])
    # Begins at the first, then nine tenths of what it was: -1, -1.1, -1.29.
    assert float(weight.numpy()[0]) == pytest.approx(-1.29)
    assert not make_optimizer(choice("sgd"), 1.0, 0.0).use_ema


def test_the_momentum_is_of_those_two_alone() -> None:
    assert make_optimizer(choice("momentum", momentum=0.5), 0.1, 0.0).momentum == 0.5
    assert make_optimizer(choice("nesterov", momentum=0.5), 0.1, 0.0).nesterov
    assert make_optimizer(choice("sgd", momentum=0.5), 0.1, 0.0).momentum == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "linear", "cosine"])
def test_an_optimizer_and_its_schedule_can_be_written_and_read(name: OptimizerName, schedule: Any) -> None:
    rate = make_rate(Schedule(name=schedule, warmup_epochs=1.0), 0.1, 5, 4)
    optimizer = make_optimizer(choice(name, clip_norm=1.0, average=0.9), rate, 0.01)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()


def test_a_whole_number_is_a_rate_too() -> None:
    assert steps(make_optimizer(choice("sgd"), 1, 0.0), 0.0, [2.0]) == -2


@pytest.mark.parametrize("key", ["name", "clip_norm", "average"])
def test_what_is_left_open_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="filled in"):
        make_optimizer(replace(choice("adam"), **{key: None}), 0.1, 0.0)
