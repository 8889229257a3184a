"""One way from a photo to the network's input."""

import io
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sagui.bundle.manifest import InputSpec
from sagui.infer.errors import PhotoError
from sagui.infer.preprocess import decode_photo, prepare, read_photo

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)


def flag() -> np.ndarray:
    """Wide: red, green and blue from left to right, 40 x 120."""
    return np.repeat(np.array([[RED, GREEN, BLUE]], np.uint8), 40, axis=1).repeat(40, axis=0)


def stored(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def colours(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """The pixels in the middle of the left edge, of the whole, and of the right edge."""
    row = pixels[pixels.shape[0] // 2]
    return [tuple(int(part) for part in row[at]) for at in (0, pixels.shape[1] // 2, -1)]


def test_squash_shows_all() -> None:
    assert colours(prepare(flag(), InputSpec(height=30, width=30, fit="squash"))) == [RED, GREEN, BLUE]


def test_crop_shows_the_middle() -> None:
    assert colours(prepare(flag(), InputSpec(height=30, width=30, fit="crop"))) == [GREEN, GREEN, GREEN]


def test_pad_shows_all_between_black_bars() -> None:
    pixels = prepare(flag(), InputSpec(height=30, width=30, fit="pad"))
    assert colours(pixels) == [RED, GREEN, BLUE]
    assert tuple(pixels[0, 15]) == tuple(pixels[-1, 15]) == BLACK


@settings(deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["squash", "crop", "pad"]),
    st.sampled_from(["area", "linear"]),
    st.sampled_from([1, 3]),
)
def test_any_photo_fits_any_input(
    height: int,
    width: int,
    to_height: int,
    to_width: int,
    fit: Literal["squash", "crop", "pad"],
    interpolation: Literal["area", "linear"],
    channels: Literal[1, 3],
) -> None:
    spec = InputSpec(height=to_height, width=to_width, channels=channels, fit=fit, interpolation=interpolation)
    pixels = prepare(np.full((height, width, 3), 200, np.uint8), spec)
    assert pixels.shape == (to_height, to_width, channels)
    assert pixels.dtype == np.uint8
    assert pixels.max() == 200


def test_shrinking_averages_and_skips_no_pixel() -> None:
    # A fine chessboard is grey from afar; who skips pixels sees black or white.
    board = np.indices((480, 640)).sum(axis=0) % 2 * 200
    photo = np.repeat(board[..., np.newaxis], 3, axis=2).astype(np.uint8)
    pixels = prepare(photo, InputSpec(height=96, width=96))
    assert np.abs(pixels.astype(int) - 100).max() <= 2
    skipping = prepare(photo, InputSpec(height=96, width=96, interpolation="linear"))
    assert np.abs(skipping.astype(int) - 100).max() > 20


@settings(deadline=None)
@given(st.integers(20, 300), st.integers(20, 300), st.integers(8, 60), st.integers(8, 60))
def test_shrinking_keeps_things_in_their_place(height: int, width: int, to_height: int, to_width: int) -> None:
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, width)
    ramp[..., 1] = np.linspace(0, 255, height)[:, np.newaxis]
    pixels = prepare(ramp, InputSpec(height=to_height, width=to_width)).astype(float)
    # The middle of each pixel, in the photo's own measure.
    across, down = (np.arange(to_width) + 0.5) / to_width * 255, (np.arange(to_height) + 0.5) / to_height * 255
    tolerance = 255 * (1 / min(to_width, to_height) + 2 / min(width, height))
    assert np.abs(pixels[..., 0] - across).max() <= tolerance
    assert np.abs(pixels[..., 1] - down[:, np.newaxis]).max() <= tolerance


def test_a_photo_of_the_right_size_is_not_touched() -> None:
    photo = np.random.default_rng(0).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    assert np.array_equal(prepare(photo, InputSpec(height=24, width=24)), photo)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_colours_are_red_green_blue(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    assert colours(decode_photo(stored(Image.fromarray(flag()), kind, **options))) == [RED, GREEN, BLUE]


def test_a_photo_is_turned_by_its_exif_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn it to the right to see it
    photo = decode_photo(stored(Image.fromarray(flag()), "JPEG", exif=exif, quality=100))
    assert photo.shape == (120, 40, 3)
    assert photo[0, 20, 0] > 200  # red is on top


def test_a_grey_photo_has_three_equal_channels() -> None:
    photo = decode_photo(stored(Image.new("L", (9, 7), 77), "PNG"))
    assert photo.shape == (7, 9, 3)
    assert (photo == 77).all()


def test_transparency_is_dropped() -> None:
    photo = decode_photo(stored(Image.new("RGBA", (9, 7), (1, 2, 3, 40)), "PNG"))
    assert photo.shape == (7, 9, 3)
    assert tuple(photo[0, 0]) == (1, 2, 3)


@pytest.mark.parametrize("content", [b"", b"a text file", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(PhotoError):
        decode_photo(content)


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("not a photo")
    with pytest.raises(PhotoError, match=r"notes.jpg: not a photo that can be read"):
        read_photo(path)
    with pytest.raises(PhotoError, match=r"gone.jpg: cannot be read: No such file"):
        read_photo(tmp_path / "gone.jpg")


def test_training_and_device_see_the_same(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), flag()[..., ::-1])
    spec = InputSpec(height=20, width=20, fit="pad")
    assert np.array_equal(prepare(read_photo(path), spec), prepare(decode_photo(path.read_bytes()), spec))
