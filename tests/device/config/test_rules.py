"""What a value must be besides its type."""

import contextlib
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras.geometry import Region
from sagui.device.config.rules import (
    RULES,
    check_camera,
    check_endpoint,
    check_period,
    check_registry,
    parse_agree,
    parse_region,
    parse_window,
)
from sagui.device.errors import ConfigError, DeviceError
from sagui.errors import SaguiError


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_some_of_so_many_frames(agree: int, window: int) -> None:
    if agree <= window:
        assert parse_agree(f"{agree}/{window}") == (agree, window)
    else:
        with pytest.raises(DeviceError, match="cannot agree"):
            parse_agree(f"{agree}/{window}")


@pytest.mark.parametrize(
    "text", ["", "3", "3/", "/5", "3/5/7", "3 / 5", "3/5\n", "-1/5", "0/5", "0/0", "1/1001", "\u0663/5"]
)
def test_what_is_no_share_of_frames(text: str) -> None:
    with pytest.raises(DeviceError, match=r"3/5|3 of 5"):
        parse_agree(text)


def test_a_region_is_that_of_a_camera() -> None:
    assert parse_region("0,0.5,1,0.5") == Region(0, 0.5, 1, 0.5)
    for text in ("", "1", "0,0,2,1", "0,0,0,1", "0,0,1,1&rotate=90", "0,0,1,1&roi=0,0,1,1"):
        with pytest.raises(ConfigError, match="is no region; give x,y,width,height"):
            parse_region(text)


@pytest.mark.parametrize("text", ["127.0.0.1:9105", "[::1]:9105", "localhost:65535", ":9105"])
def test_an_address_to_listen_at(text: str) -> None:
    check_endpoint(text)


@pytest.mark.parametrize(
    "text",
    ["9105", "a", "a:", "a:0", "a:65536", "a:x", "a:-1", "http://a:1", "a:1/x", "u@a:1", "a b:1", "[::1", "[::1%lo]:1"],
)
def test_what_nobody_can_listen_at(text: str) -> None:
    with pytest.raises(DeviceError, match="write HOST:PORT"):
        check_endpoint(text)


@pytest.mark.parametrize(
    "spec",
    [
        "usb:0?rotate=180",
        "rtsp://u:p@h/x?channel=1#rotate=90",
        "picamera2",
        "synthetic:visits",
        "folder:/not/there",
        "./photos",
        "photos/?roi=0,0,1,0.5",
        "clip.mp4",
        "videos/what?.mp4",
    ],
)
def test_a_camera_needs_not_be_there(spec: str) -> None:
    check_camera(spec)


@pytest.mark.parametrize(
    "spec", ["", "usb:x", "usb:0?rotat=1", "rtsp://", "./photos?roi=2", "folder:", "file:v.mp4?fps=3"]
)
def test_what_is_no_camera(spec: str) -> None:
    with pytest.raises(SaguiError, match=r"^camera: "):
        check_camera(spec)


@pytest.mark.parametrize("spec", ["banana", "usb", "banana?rotate=90", "Picamera2", "câmera_1"])
def test_a_word_is_no_camera(spec: str) -> None:
    with pytest.raises(SaguiError, match=rf"^camera: '{spec.partition('?')[0]}' names none, .*usb:0.*synthetic"):
        check_camera(spec)


def test_a_folder_that_is_here_needs_no_more_than_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    check_camera("photos?roi=0,0,1,0.5")


def test_a_word_that_may_hold_a_password_is_not_shown() -> None:
    with pytest.raises(SaguiError, match=r"^camera: this names none") as told:
        check_camera("rtsp:pi:s3cret@porch")
    assert "s3cret" not in str(told.value)


def test_telemetry_is_no_flood() -> None:
    check_period(0)
    check_period(1)
    with pytest.raises(ConfigError, match=r"0\.1 seconds is too often"):
        check_period(0.1)


@pytest.mark.parametrize(
    "url", ["http://models.local/pets", "https://h:8443", "http://[::1]:8000/x", "file:///srv/registry", "file:///"]
)
def test_a_registry_is_served_or_a_folder(url: str) -> None:
    check_registry(url)


@pytest.mark.parametrize(
    "url",
    ["", "/srv/registry", "models.local", "ftp://h/x", "http://", "file:x", "file://h/x", "http://[::1", "file:"],
)
def test_what_is_no_registry(url: str) -> None:
    with pytest.raises(ConfigError, match=r"is no registry; write http"):
        check_registry(url)


@pytest.mark.parametrize("url", ["https://me:s3cret@h/x", "http://s3cret@h", "http://me:s3cret@[::1"])
def test_a_registry_holds_no_password(url: str) -> None:
    with pytest.raises(ConfigError, match="no user or password") as refused:
        check_registry(url)
    assert "s3cret" not in str(refused.value)


@given(st.times(), st.times())
def test_hours_are_read_to_the_minute(start: time, end: time) -> None:
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    text = f"{start:%H:%M}-{end:%H:%M}"
    if start == end:
        with pytest.raises(ConfigError, match="no hours"):
            parse_window(text)
    else:
        assert parse_window(text) == (start, end)


@pytest.mark.parametrize(
    "text", ["", "02:00", "2:00-5:00", "02:00-24:00", "02:60-03:00", "02:00-03:00\n", "٠٢:00-03:00"]
)
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(ConfigError, match="no hours"):
        parse_window(text)


@pytest.mark.parametrize(
    "path", [path for path in RULES if path not in {"telemetry.every_s", "update.every_s", "update.groups"}]
)
@given(text=st.text(max_size=12) | st.text(st.sampled_from("0123456789:/.,?=&#[]@rtspmqroi "), max_size=24))
def test_any_text_is_taken_or_refused(path: str, text: str) -> None:
    with contextlib.suppress(SaguiError):  # and nothing else
        RULES[path](text)
