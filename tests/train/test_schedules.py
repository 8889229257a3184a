"""Learning rates follow their formulas."""

import math
import typing
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.optimizers import make_optimizer
from sagui.train.recipe.choices import OptimizerChoice, Schedule, ScheduleName
from sagui.train.schedules import make_rate, plateau_callback

PEAK, STEPS, EPOCHS = 0.2, 10, 8
AT = (0, 1, 5, 9, 10, 19, 20, 33, 79)


def rates(schedule: Schedule, peak: float = PEAK, steps: int = STEPS, epochs: int = EPOCHS) -> list[float]:
    """At every step of the training."""
    rate = make_rate(schedule, peak, steps, epochs)
    if isinstance(rate, float):
        return [rate] * (steps * epochs)
    return [float(rate(np.int64(step))) for step in range(steps * epochs)]


def test_constant_stays() -> None:
    assert make_rate(Schedule(name="constant"), PEAK, STEPS, EPOCHS) == PEAK


@pytest.mark.parametrize("every", [1.0, 2.0, 0.5, 2.5])
def test_step_falls_by_the_factor_every_so_many_epochs(every: float) -> None:
    found = rates(Schedule(name="step", every_epochs=every, factor=0.3))
    for step, rate in enumerate(found):
        assert rate == pytest.approx(PEAK * 0.3 ** math.floor(step / STEPS / every), rel=1e-5)


def test_step_falls_at_the_same_step_inside_a_compiled_graph() -> None:
    rate: Any = make_rate(Schedule(name="step", every_epochs=1.0, factor=0.5), 1.0, 49, 20)
    compiled = tf.function(rate.__call__)
    for step in range(0, 49 * 20, 7):
        assert float(compiled(tf.constant(step, tf.int64))) == pytest.approx(0.5 ** (step // 49), rel=1e-5)


def test_exponential_falls_a_little_each_step() -> None:
    found = rates(Schedule(name="exponential", factor=0.8))
    for step in AT:
        assert found[step] == pytest.approx(PEAK * 0.8 ** (step / STEPS), rel=1e-5)


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_linear_falls_to_the_floor(floor: float) -> None:
    schedule = Schedule(name="linear", floor=floor)
    found = rates(schedule)
    for step in AT:
        assert found[step] == pytest.approx(PEAK * (floor + (1 - floor) * (1 - step / 80)), rel=1e-5)
    rate: Any = make_rate(schedule, PEAK, STEPS, EPOCHS)
    assert float(rate(80)) == pytest.approx(PEAK * floor, abs=1e-8)
    assert float(rate(1000)) == pytest.approx(PEAK * floor, abs=1e-8)


@pytest.mark.parametrize(("floor", "warmup"), [(0.0, 1.0), (0.05, 1.0), (0.0, 0.0), (0.1, 2.5)])
def test_cosine_climbs_and_then_falls_to_the_floor(floor: float, warmup: float) -> None:
    found = rates(Schedule(name="cosine", floor=floor, warmup_epochs=warmup))
    climb = round(warmup * STEPS)
    for step, rate in enumerate(found):
        if step < climb:
            expected = PEAK * (0.1 + 0.9 * step / climb)
        else:
            gone = (step - climb) / (80 - climb)
            expected = PEAK * (floor + (1 - floor) * (1 + math.cos(math.pi * gone)) / 2)
        assert rate == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_a_warm_up_does_not_begin_below_the_floor() -> None:
    assert rates(Schedule(name="cosine", floor=0.4, warmup_epochs=1.0))[0] == pytest.approx(0.4 * PEAK)


def test_a_warm_up_as_long_as_the_training_is_all_there_is() -> None:
    found = rates(Schedule(name="cosine", warmup_epochs=1.0), epochs=1)
    assert found == pytest.approx([PEAK * (0.1 + 0.09 * step) for step in range(10)])


@given(
    name=st.sampled_from(typing.get_args(ScheduleName)),
    peak=st.floats(1e-6, 100),
    floor=st.just(0.0) | st.floats(1e-6, 0.99),
    factor=st.floats(0.01, 0.99),
    warmup=st.floats(0, 3),
    every=st.floats(0.1, 20),
    steps=st.integers(1, 500),
    epochs=st.integers(1, 50),
    part=st.floats(0, 1),
)
def test_no_schedule_leaves_the_room_between_floor_and_peak(  # noqa: PLR0913 (one for each number of a schedule)
    *,
    name: ScheduleName,
    peak: float,
    floor: float,
    factor: float,
    warmup: float,
    every: float,
    steps: int,
    epochs: int,
    part: float,
) -> None:
    schedule = Schedule(name=name, floor=floor, factor=factor, warmup_epochs=warmup, every_epochs=every)
    rate = make_rate(schedule, peak, steps, epochs)
    value = rate if isinstance(rate, float) else float(rate(int(part * steps * epochs)))
    least = floor * peak if name in ("linear", "cosine") else 0.0
    assert least * (1 - 1e-5) <= value <= peak * (1 + 1e-5)


@pytest.mark.parametrize("name", ["step", "exponential", "linear"])
@given(first=st.integers(0, 400), second=st.integers(0, 400))
def test_a_decay_never_rises(name: ScheduleName, first: int, second: int) -> None:
    rate: Any = make_rate(Schedule(name=name, every_epochs=3.0, factor=0.7, floor=0.1), 1.0, 20, 20)
    early, late = sorted((first, second))
    assert float(rate(late)) <= float(rate(early)) * (1 + 1e-6)


def learner(rate: float) -> keras.Sequential:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(make_optimizer(OptimizerChoice(name="sgd", clip_norm=0.0, average=0.0), rate, 0.0), "mse")
    return model


def test_a_plateau_lowers_the_rate_to_its_floor_and_no_further() -> None:
    schedule = Schedule(name="plateau", factor=0.5, patience=2, floor=0.2)
    callback = plateau_callback(schedule, 0.4)
    assert callback is not None
    model = learner(make_rate(schedule, 0.4, 1, 20))
    callback.set_model(model)
    callback.on_train_begin()
    seen = []
    for epoch, loss in enumerate([1.0, 0.9, 0.9, 0.9, 0.899999, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        seen.append(round(float(model.optimizer.learning_rate), 4))
    # The least fall is one, so the fifth epoch begins the count anew.
    assert seen == [0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1, 0.08, 0.08, 0.08]


def test_a_plateau_works_in_a_training() -> None:
    schedule = Schedule(name="plateau", factor=0.1, patience=1)
    model = learner(make_rate(schedule, 1e-9, 1, 4))
    x = np.ones((4, 1), np.float32)
    # The validation loss cannot fall: nothing can be learned about numbers that are not there.
    done = model.fit(
        x, x, validation_data=(0 * x, x), epochs=4, verbose=0, callbacks=[plateau_callback(schedule, 1e-9)]
    )
    assert done.history["learning_rate"][0] == pytest.approx(1e-9)
    assert done.history["learning_rate"][-1] < 1e-10


@pytest.mark.parametrize("name", ["constant", "step", "exponential", "linear", "cosine"])
def test_other_schedules_have_no_callback(name: ScheduleName) -> None:
    assert plateau_callback(Schedule(name=name), PEAK) is None


def test_what_is_left_open_is_refused() -> None:
    for schedule in (Schedule(), Schedule(name="cosine")):
        with pytest.raises(ValueError, match="filled in"):
            make_rate(schedule, PEAK, STEPS, EPOCHS)
    with pytest.raises(ValueError, match="filled in"):
        plateau_callback(Schedule(), PEAK)


@pytest.mark.parametrize(("peak", "steps", "epochs"), [(0.0, 10, 8), (0.1, 0, 8), (0.1, 10, 0)])
def test_a_schedule_of_nothing_is_refused(peak: float, steps: int, epochs: int) -> None:
    with pytest.raises(ValueError, match="needs a peak"):
        make_rate(Schedule(name="linear"), peak, steps, epochs)
