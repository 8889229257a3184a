"""The range test finds a rate on the way down."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.errors import TrainError
from sagui.train.range_test import exponential_rates, has_diverged, plot_range, smooth, suggest_rate, usable

RATES = exponential_rates(1e-6, 1.0, 121)


def bowl(lowest: float, noise: float = 0.0) -> list[float]:
    """A loss that is flat, falls towards a rate, and explodes past it."""
    off = np.log10(RATES / lowest)
    fall = 2.3 - 1.5 / (1 + np.exp(-3 * (off + 1)))
    explosion = 0.02 * np.exp(np.clip(4 * off, None, 50))
    return list(fall + explosion + noise * np.random.default_rng(0).normal(size=len(RATES)))


@given(low=st.floats(1e-9, 1e-2), times=st.floats(1.5, 1e9), steps=st.integers(2, 300))
def test_rates_rise_by_one_factor_from_low_to_high(low: float, times: float, steps: int) -> None:
    rates = exponential_rates(low, low * times, steps)
    assert (len(rates), rates[0], rates[-1]) == (steps, pytest.approx(low), pytest.approx(low * times))
    np.testing.assert_allclose(rates[1:] / rates[:-1], times ** (1 / (steps - 1)), rtol=1e-6)


@pytest.mark.parametrize(("low", "high", "steps"), [(0, 1, 10), (1, 1, 10), (2, 1, 10), (-1, 1, 10), (0.1, 1, 1)])
def test_no_range_is_refused(low: float, high: float, steps: int) -> None:
    with pytest.raises(ValueError, match="no range"):
        exponential_rates(low, high, steps)


@given(level=st.floats(-100, 100), count=st.integers(1, 50))
def test_smoothing_keeps_what_is_level(level: float, count: int) -> None:
    np.testing.assert_allclose(smooth([level] * count), level, rtol=1e-9, atol=1e-9)


def test_smoothing_is_a_weighted_mean_of_what_came_before() -> None:
    # Weights 0.9^2, 0.9, 1, divided by their sum.
    assert smooth([1.0, 2.0, 4.0])[2] == pytest.approx((0.81 * 1 + 0.9 * 2 + 4) / 2.71)


@pytest.mark.parametrize("lowest", [1e-3, 1e-2, 1e-1])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_suggestion_lies_on_the_way_down(lowest: float, noise: float) -> None:
    losses = bowl(lowest, noise)
    suggestion = suggest_rate(RATES, losses)
    # Smoothing lags some steps, so the minimum is seen late; a tenth more than makes up for it.
    assert lowest / 30 < suggestion < lowest


def test_a_test_that_was_stopped_early_suggests_the_same() -> None:
    losses = bowl(1e-2)
    stopped = losses[: next(at for at in range(1, len(losses) + 1) if has_diverged(losses[:at]))]
    assert len(stopped) < len(losses)
    assert suggest_rate(RATES, stopped) == suggest_rate(RATES, losses)


def test_the_end_is_where_the_smoothed_loss_is_over_four_times_its_minimum() -> None:
    losses = [1.0] * 20 + [9.0] * 20
    end = usable(losses)
    assert smooth(losses)[end] > 4 >= smooth(losses)[end - 1]
    assert not has_diverged([1.0] * 20 + [3.9] * 100)


def test_what_counts_is_how_far_it_rose_above_its_minimum_not_above_its_beginning() -> None:
    losses = [8.0] * 20 + [1.0] * 80 + [6.0] * 80
    assert 100 < usable(losses) < len(losses)


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_test(broken: float) -> None:
    losses = [*bowl(1e-2)[:80], broken, 0.0, 0.0]
    assert has_diverged(losses)
    assert usable(losses) == 80
    assert suggest_rate(RATES, losses) == suggest_rate(RATES, losses[:80])


@pytest.mark.parametrize(
    "losses", [[], [float("nan")], [1.0, 2.0, 3.0, 50.0], list(np.linspace(1, 3, len(RATES))), [1.0] * len(RATES)]
)
def test_a_loss_that_never_falls_suggests_nothing(losses: list[float]) -> None:
    with pytest.raises(TrainError, match="no learning rate between 1e-06 and 1"):
        suggest_rate(RATES, losses)


def test_more_losses_than_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="3 losses of 2 rates"):
        suggest_rate([0.1, 0.2], [3.0, 2.0, 1.0])


def test_the_plot_is_a_picture_with_the_suggestion_marked(tmp_path: Path) -> None:
    losses = bowl(1e-2, 0.05)
    path = tmp_path / "find-lr.png"
    plot_range(RATES, losses, suggest_rate(RATES, losses), path)
    picture = cv2.imread(str(path))
    assert picture is not None
    # The mark's orange, in OpenCV's order.
    near = np.all(abs(picture.astype(int) - (0x17, 0x8A, 0xEF)) < 30, axis=-1)
    assert near.any(axis=0).sum() > 2
    assert near.any(axis=1).sum() > picture.shape[0] / 3
    assert [file.name for file in tmp_path.iterdir()] == ["find-lr.png"]


def test_a_plot_into_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        plot_range(RATES, bowl(1e-2), 1e-3, tmp_path / "missing" / "find-lr.png")
