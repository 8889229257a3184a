"""The rules of conversion, without a network."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle import Measure, measure
from sagui.convert.calibrate import choose_photos, representative
from sagui.convert.errors import GateError
from sagui.convert.gate import MIN_CLASS_PHOTOS, Budget, check
from sagui.convert.temperature import fit_temperature
from sagui.infer.classify import calibrate
from sagui.train.run import SplitPhoto

LABELS = ("a", "b")


def measured(right: tuple[int, int], photos: tuple[int, int]) -> Measure:
    """So many photos of each class right."""
    truth = np.repeat([0, 1], photos)
    predicted = np.concatenate(
        [np.repeat([label, 1 - label], [hits, n - hits]) for label, hits, n in zip((0, 1), right, photos, strict=True)]
    )
    return measure(truth, predicted, LABELS)


def test_a_loss_within_the_budget_passes() -> None:
    check(measured((100, 100), (100, 100)), measured((98, 100), (100, 100)), Budget(1.0, 3.0))


def test_a_loss_overall_is_refused_with_its_numbers() -> None:
    with pytest.raises(GateError, match=r"accuracy fell from 100.0% to 98.5% \(1.5 points, 1 allowed\)"):
        check(measured((100, 100), (100, 100)), measured((98, 99), (100, 100)), Budget(1.0, 3.0))


def test_a_loss_of_one_class_is_refused_by_name() -> None:
    # Overall nothing is lost: class a gains what class b loses.
    before, after = measured((90, 100), (100, 100)), measured((95, 95), (100, 100))
    with pytest.raises(GateError, match=r"class 'b' fell from 100.0% to 95.0% \(5.0 points, 3 allowed\)") as caught:
        check(before, after, Budget(1.0, 3.0))
    assert "class 'a'" not in str(caught.value)


@pytest.mark.parametrize(("photos", "refused"), [(MIN_CLASS_PHOTOS, True), (MIN_CLASS_PHOTOS - 1, False)])
def test_a_small_class_has_no_verdict_of_its_own(photos: int, refused: bool) -> None:  # noqa: FBT001
    before, after = measured((1000, photos), (1000, photos)), measured((1000, photos - 2), (1000, photos))
    if refused:
        with pytest.raises(GateError):
            check(before, after, Budget(1.0, 3.0))
    else:
        check(before, after, Budget(1.0, 3.0))


@given(
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
    st.floats(0, 10),
)
def test_the_gate_holds_what_it_promises(before: tuple[int, int], after: tuple[int, int], allowed: float) -> None:
    first, second = measured(before, (200, 200)), measured(after, (200, 200))
    drops = [(sum(before) - sum(after)) / 4, (before[0] - after[0]) / 2, (before[1] - after[1]) / 2]
    if any(drop > allowed + 1e-6 for drop in drops):
        with pytest.raises(GateError):
            check(first, second, Budget(allowed, allowed))
    elif all(drop < allowed - 1e-6 for drop in drops):
        check(first, second, Budget(allowed, allowed))


def photos(*sizes: int) -> list[SplitPhoto]:
    return [
        SplitPhoto(name=f"{label}-{number}", labels=(label,), sha256="")
        for label, size in enumerate(sizes)
        for number in range(size)
    ]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(1, 100), st.integers(0, 5))
def test_calibration_photos_are_spread_over_the_classes(sizes: list[int], count: int, seed: int) -> None:
    chosen = choose_photos(photos(*sizes), count, seed)
    assert len({photo.name for photo in chosen}) == len(chosen) == min(count, sum(sizes))
    counts = Counter(photo.label for photo in chosen)
    short = [label for label, size in enumerate(sizes) if counts[label] < size]
    # Who gives less than it has, gives as much as anyone, give or take one.
    assert all(counts[label] >= max(counts.values()) - 1 for label in short)


def test_the_same_seed_chooses_the_same_photos() -> None:
    assert choose_photos(photos(30, 30), 10, 1) == choose_photos(photos(30, 30), 10, 1)
    assert choose_photos(photos(30, 30), 10, 1) != choose_photos(photos(30, 30), 10, 2)


def test_calibration_covers_the_full_range_of_pixels() -> None:
    dark = [np.full((4, 4, 3), 90, np.uint8)] * 3
    batches = [batch for (batch,) in representative(dark)()]
    assert {batch.shape for batch in batches} == {(1, 4, 4, 3)}
    assert (batches[0].min(), batches[0].max()) == (0.0, 255.0)
    assert dark[0].min() == 90  # the photo itself is as it was


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 1.5, 2.0])
def test_the_temperature_is_found_again(true_temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = np.array([rng.choice(3, p=row) for row in honest])
    # Raised to 1/T the honest scores become too sure (T < 1) or too timid; the fit must undo it.
    spoiled = calibrate(honest, 1 / true_temperature)
    assert fit_temperature(spoiled, truth) == pytest.approx(true_temperature, rel=0.1)
