"""What a person wrote for a camera, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras.spec import Source, split_spec
from sagui.device.errors import CameraError


@pytest.mark.parametrize(
    ("text", "kind", "address", "query"),
    [
        ("folder:photos", "folder", "photos", ""),
        ("folder:/a b/c:d?rotate=90", "folder", "/a b/c:d", "rotate=90"),
        ("file:clip.mp4?every=2&mirror=1", "file", "clip.mp4", "every=2&mirror=1"),
        ("usb:0", "usb", "/dev/video0", ""),
        ("usb:007?fps=5", "usb", "/dev/video7", "fps=5"),
        ("/dev/video2?fps=5", "usb", "/dev/video2", "fps=5"),
        ("/dev/v4l/by-id/usb-Logitech-video-index0", "usb", "/dev/v4l/by-id/usb-Logitech-video-index0", ""),
        ("picamera2", "picamera2", "0", ""),
        ("picamera2:1?width=640&height=480", "picamera2", "1", "width=640&height=480"),
        ("synthetic", "synthetic", "square", ""),
        ("synthetic:visits?frames=9", "synthetic", "visits", "frames=9"),
        ("photos/garden?rotate=90", "path", "photos/garden", "rotate=90"),
        ("rtsp://cam/live", "url", "rtsp://cam/live", ""),
        ("rtsp://cam:8554/live?rotate=90&roi=0,0,1,1", "url", "rtsp://cam:8554/live", "rotate=90&roi=0,0,1,1"),
        ("rtsp://cam/real?channel=1&subtype=0", "url", "rtsp://cam/real?channel=1&subtype=0", ""),
        ("rtsp://cam/real?channel=1&fps=5#rotate=90", "url", "rtsp://cam/real?channel=1&fps=5", "rotate=90"),
        ("http://cam/video.cgi?fps=5#", "url", "http://cam/video.cgi?fps=5", ""),
        ("rtsp://[fe80::1]:554/x", "url", "rtsp://[fe80::1]:554/x", ""),
    ],
)
def test_a_spec_is_kind_address_and_options(text: str, kind: str, address: str, query: str) -> None:
    source = split_spec(text)
    assert (source.kind, source.address, source.query) == (kind, address, query)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names none; use folder:DIR"),
        ("?rotate=90", "names none"),
        ("folder:", "has no path; say folder:PATH"),
        ("usb:first", "the first USB camera is usb:0"),
        ("usb:", "the first USB camera is usb:0"),
        ("usb:-1", "usb:-1 has no number"),
        ("usb:99999", "usb:99999 has no number"),
        ("usb:²", "has no number"),
        ("picamera2:front", "the first camera is picamera2:0"),
        ("rtsp://", "names no host"),
        ("rtsp:///live", "names no host"),
        ("rtsp://cam:high/live", "cannot be read; it is like rtsp://HOST:554/PATH"),
        ("rtsp://cam/x?channel=1&rotate=90", r"has parameters of its own and rotate; put sagui's options behind a #"),
    ],
)
def test_what_is_no_camera_is_refused_with_the_way_to_say_it(text: str, reason: str) -> None:
    with pytest.raises(CameraError, match=reason):
        split_spec(text)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:hunter2@cam:554/live",
        "rtsp://cam/live?user=admin&password=hunter2",
        "rtsp://cam/user=admin_password=hunter2_channel=1",
        "rtsp://cam/pwd/hunter2#rotate=90",
        "http://hunter2@cam/live",
    ],
)
def test_a_password_is_kept_for_the_camera_and_not_in_its_name(text: str) -> None:
    source = split_spec(text)
    assert "hunter2" in source.address
    assert "hunter2" not in source.name
    assert source.name.startswith(("rtsp://cam", "http://cam"))


@pytest.mark.parametrize(
    "text", ["rtsp://admin:hunter2@cam:x/live", "rtsp://admin:hunter2@[/live", "rtsp://admin:hunter2@/live"]
)
def test_an_error_does_not_tell_the_password(text: str) -> None:
    with pytest.raises(CameraError) as caught:
        split_spec(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["usb:0\n\x1b[2J", "picamera2:\r\u2028", "rtsp://h/\x1b[2J?a=1&rotate=90"])
def test_an_error_is_one_line_that_steers_no_terminal(text: str) -> None:
    with pytest.raises(CameraError) as caught:
        split_spec(text)
    assert str(caught.value).isprintable()


@given(st.text(max_size=60) | st.text("rtsp:/@[]?#&=.0a%", max_size=30).map("rtsp://".__add__))
def test_any_text_is_a_source_or_a_camera_error(text: str) -> None:
    try:
        source = split_spec(text)
    except CameraError as error:
        assert str(error).startswith("camera: ")  # noqa: PT017 (either outcome is right)
    else:
        assert isinstance(source, Source)
        assert source.address
