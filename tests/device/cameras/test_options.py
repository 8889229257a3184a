"""What may stand after a camera's address."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras.geometry import Region
from sagui.device.cameras.options import Options, parse_options
from sagui.device.errors import CameraError


def test_without_options_the_camera_is_left_as_it_is() -> None:
    assert parse_options("", "usb") == Options()
    assert Options().stall_seconds == 10


def test_each_option_is_read() -> None:
    query = "roi=0.1,0.2,0.3,0.4&rotate=270&mirror=1&every=2.5&motion=0.5&fps=15&width=640&height=480&stall_seconds=3"
    assert parse_options(query, "usb") == Options(
        region=Region(0.1, 0.2, 0.3, 0.4),
        rotate=270,
        mirror=True,
        every_s=2.5,
        motion=0.5,
        fps=15,
        width=640,
        height=480,
        stall_seconds=3,
    )
    assert parse_options("frames=5&stall_after=3", "synthetic") == Options(frames=5, stall_after=3)
    assert parse_options("mirror=0&rotate=0", "folder") == Options()


@pytest.mark.parametrize(
    ("query", "kind", "reason"),
    [
        ("rotat=90", "folder", "there is no option 'rotat'; for folder there are roi, rotate, mirror, motion$"),
        ("rotate=45", "usb", "rotate=45 is not allowed; rotate is 0, 90, 180 or 270"),
        ("rotate=", "usb", "rotate= is not allowed"),
        ("mirror", "usb", "mirror= is not allowed; mirror is 0 or 1"),
        ("mirror=yes", "usb", "mirror is 0 or 1"),
        ("roi=0,0,1", "usb", "roi is x,y,width,height in shares of the frame"),
        ("roi=0,0,1,1,1", "usb", "roi is x,y,width,height"),
        ("roi=0.5,0,0.6,1", "usb", "inside it"),
        ("roi=0,0,0,1", "usb", "inside it"),
        ("roi=-0.1,0,0.5,1", "usb", "inside it"),
        ("roi=nan,0,1,1", "usb", "inside it"),
        ("roi=0,0,320,240", "usb", "shares of the frame, 0 to 1"),
        ("every=0", "usb", "every is seconds, 0.01 to"),
        ("every=inf", "usb", "every=inf is not allowed"),
        ("every=1", "folder", "every does not go with folder"),
        ("motion=2", "usb", "motion is a sensitivity from 0 to 1"),
        ("motion=nan", "usb", "motion=nan is not allowed"),
        ("fps=0", "usb", "frames a second"),
        ("fps=5", "file", "fps does not go with file; what does: roi, rotate, mirror, motion, every"),
        ("fps=5", "url", "fps does not go with a network camera"),
        ("width=640", "usb", "width needs height with it"),
        ("height=640", "usb", "height needs width with it"),
        ("width=640.5&height=480", "usb", "width is pixels"),
        ("width=٦٤٠&height=480", "usb", "width is pixels"),
        ("width=0&height=480", "usb", "width is pixels, 16 to 16384"),
        ("stall_seconds=0", "url", "stall_seconds is seconds, 0.1 to 3600"),
        ("stall_seconds=5", "file", "stall_seconds does not go with file"),
        ("frames=5", "usb", "frames does not go with usb"),
        ("mirror=1&mirror=1", "usb", "mirror is there twice"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(query: str, kind: str, reason: str) -> None:
    with pytest.raises(CameraError, match=reason):
        parse_options(query, kind)


SHARES = st.floats(0, 1)


@given(SHARES, SHARES, SHARES, SHARES)
def test_a_region_is_accepted_exactly_when_it_lies_inside(x: float, y: float, width: float, height: float) -> None:
    inside = width > 0 and height > 0 and x + width <= 1 + 1e-9 and y + height <= 1 + 1e-9
    try:
        options = parse_options(f"roi={x!r},{y!r},{width!r},{height!r}", "usb")
    except CameraError:
        assert not inside
    else:
        assert inside
        assert options.region == Region(x, y, width, height)


@given(st.text(max_size=40), st.sampled_from(["folder", "file", "usb", "url", "picamera2", "synthetic"]))
def test_any_text_is_options_or_a_camera_error(text: str, kind: str) -> None:
    try:
        options = parse_options(text, kind)
    except CameraError:
        return
    assert options.rotate in {0, 90, 180, 270}


@given(st.sampled_from(["every", "motion", "fps", "stall_seconds"]), st.floats())
def test_numbers_that_are_accepted_are_finite_and_not_negative(key: str, value: float) -> None:
    try:
        options = parse_options(f"{key}={value!r}", "usb")
    except CameraError:
        return
    read = {
        "every": options.every_s,
        "motion": options.motion,
        "fps": options.fps,
        "stall_seconds": options.stall_seconds,
    }[key]
    assert read == value
    assert math.isfinite(value)
    assert value >= 0
