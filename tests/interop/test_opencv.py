"""What OpenCV's own network module makes of our files."""

import cv2
import keras
import numpy as np
import pytest
from tests.interop.networks import convert, golden_of, photos

from sagui.convert.modes import ModeName

pytestmark = pytest.mark.skipif(
    int(cv2.__version__.partition(".")[0]) < 5,
    reason=f"OpenCV {cv2.__version__} reads no TFLite file with arithmetic on constants; OpenCV 5 does",
)


def with_opencv(model: bytes) -> np.ndarray:
    net = cv2.dnn.readNetFromTFLite(np.frombuffer(model, np.uint8))
    rows = []
    for photo in photos():
        net.setInput(cv2.dnn.blobFromImage(photo))
        rows.append(net.forward().reshape(-1).copy())
    return np.stack(rows)


@pytest.mark.parametrize("mode", ["none", "float16"])
def test_a_float_file_gives_the_same(network: keras.Model, mode: ModeName) -> None:
    model = convert(network, mode)
    assert np.abs(with_opencv(model) - golden_of(model).outputs).max() < 1e-6


@pytest.mark.xfail(raises=cv2.error, strict=True, reason="OpenCV 5.0 multiplies and averages no 8-bit numbers")
def test_an_int8_file_loads(int8_file: bytes) -> None:
    with_opencv(int8_file)


@pytest.mark.xfail(raises=cv2.error, strict=True, reason="OpenCV 5.0 convolves no floats with 8-bit weights")
def test_a_dynamic_file_loads(network: keras.Model) -> None:
    with_opencv(convert(network, "dynamic"))
