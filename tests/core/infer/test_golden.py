"""A device proves that it computes what the workstation did, with either kind of kernels."""

from typing import Any

import numpy as np
import pytest

from sagui.bundle.errors import BundleError
from sagui.bundle.golden import Golden, decode_golden, encode_golden
from sagui.bundle.manifest import GoldenSpec
from sagui.infer.errors import GoldenError
from sagui.infer.golden import reproduce
from sagui.infer.runtimes import TensorSpec

FRAMES = np.zeros((2, 4, 4, 3), np.uint8)
STEPS = GoldenSpec(count=2, tolerance=1, unit="steps")


class Says:
    """A runtime that gives one row after the other."""

    name = "stand-in"
    inputs = (TensorSpec((1, 4, 4, 3), "uint8"),)

    def __init__(self, *rows: list[float], dtype: str = "uint8", scale: float = 1 / 256) -> None:
        self.outputs = (TensorSpec((1, 3), dtype, scale),)
        self._rows = iter(np.array(rows, dtype))

    def invoke(self, frame: np.ndarray) -> np.ndarray[Any, Any]:  # noqa: ARG002 (the port's signature)
        return np.asarray(next(self._rows)[np.newaxis])


def rows(*values: list[int]) -> np.ndarray[Any, Any]:
    return np.array(values, np.uint8)


RECORDED = Golden(FRAMES, rows([10, 20, 30], [40, 50, 60]), rows([16, 20, 30], [40, 44, 60]))


def test_one_step_is_allowed_and_told() -> None:
    assert reproduce(Says([10, 21, 30], [40, 50, 60]), RECORDED, STEPS).difference == 1
    with pytest.raises(
        GoldenError, match=r"1 of 2 golden frames differ, by up to 2 \(steps; 1 allowed\) with stand-in"
    ):
        reproduce(Says([10, 22, 30], [40, 50, 60]), RECORDED, STEPS)


def test_either_kind_of_kernels_is_recognized() -> None:
    assert reproduce(Says([16, 20, 30], [40, 44, 60]), RECORDED, STEPS).difference == 0


def test_all_frames_must_come_from_the_same_kind() -> None:
    with pytest.raises(GoldenError, match="1 of 2 golden frames differ, by up to 6"):
        reproduce(Says([16, 20, 30], [40, 50, 60]), RECORDED, STEPS)


def test_a_bundle_that_recorded_one_kind_alone_is_read() -> None:
    golden = decode_golden(encode_golden(Golden(FRAMES, RECORDED.outputs)))
    assert golden.builtin is None
    with pytest.raises(GoldenError):
        reproduce(Says([16, 20, 30], [40, 44, 60]), golden, STEPS)


def test_both_kinds_are_kept() -> None:
    golden = decode_golden(encode_golden(RECORDED))
    assert golden.builtin is not None
    assert np.array_equal(golden.builtin, rows([16, 20, 30], [40, 44, 60]))


def test_kinds_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(BundleError, match=r"outputs \(2, 3\) and builtin \(2, 2\) differ in shape"):
        decode_golden(encode_golden(Golden(FRAMES, RECORDED.outputs, rows([1, 2], [3, 4]))))


def test_scores_in_floats_are_compared_as_they_are_and_nan_is_never_near() -> None:
    golden = Golden(FRAMES, np.array([[0.1, 0.2], [0.3, 0.4]], np.float32))
    spec = GoldenSpec(count=2, tolerance=1e-4, unit="absolute")
    near = reproduce(Says([0.10005, 0.2], [0.3, 0.4], dtype="float32", scale=0.0), golden, spec)
    assert near.difference == pytest.approx(5e-5, rel=0.01)
    with pytest.raises(GoldenError):
        reproduce(Says([float("nan"), 0.2], [0.3, 0.4], dtype="float32", scale=0.0), golden, spec)
