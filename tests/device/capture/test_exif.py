"""The time inside a photo."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.capture.exif import with_time
from sagui.device.capture.jpeg import encode_jpeg
from sagui.infer.preprocess import decode_photo

JPEG = encode_jpeg(np.zeros((8, 8, 3), np.uint8))


def fields(jpeg: bytes) -> dict[int, bytes]:
    """Both directories, read by the offsets that are in them."""
    assert jpeg[:4] == b"\xff\xd8\xff\xe1"
    (length,) = struct.unpack(">H", jpeg[4:6])
    assert jpeg[6:12] == b"Exif\0\0"
    tiff = jpeg[12 : 4 + length]
    assert tiff[:4] == b"II*\0"
    found: dict[int, bytes] = {}
    at: int | None = struct.unpack("<I", tiff[4:8])[0]
    while at is not None:
        (count,) = struct.unpack_from("<H", tiff, at)
        following = None
        for number in range(count):
            tag, kind, values, offset = struct.unpack_from("<HHII", tiff, at + 2 + 12 * number)
            start = offset if kind != 4 and values > 4 else at + 2 + 12 * number + 8
            found[tag] = tiff[start : start + (4 if kind == 4 else values)]
            following = offset if tag == 0x8769 else following
        at = following
    return found


def test_time_offset_and_camera_are_inside() -> None:
    read = fields(with_time(JPEG, 1_767_323_045.123, "garden"))
    assert read[0x9003] == b"2026:01:02 03:04:05\0"
    assert read[0x9291] == b"123\0"
    assert read[0x9011] == b"+00:00\0"
    assert read[0x0110] == b"garden\0"


@given(st.floats(0, 4e9), st.text(max_size=70))
def test_every_time_and_camera_can_be_written_and_the_picture_stays(time: float, camera: str) -> None:
    stamped = with_time(JPEG, time, camera)
    assert len(fields(stamped)[0x9003]) == 20
    assert fields(stamped)[0x0110] == camera.encode("ascii", "replace") + b"\0"
    assert np.array_equal(decode_photo(stamped), decode_photo(JPEG))


def test_what_is_no_jpeg_is_refused() -> None:
    png = cv2.imencode(".png", np.zeros((2, 2, 3), np.uint8))[1].tobytes()
    with pytest.raises(ValueError, match="no JPEG"):
        with_time(png, 0.0)
