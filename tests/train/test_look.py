"""What a photo tells at one look."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from sagui.train.bursts import Taken
from sagui.train.look import perceptual_hash, read_taken, record, thumbnail

SHOT = ExifTags.IFD.Exif


def reread(exif: Image.Exif, kind: str = "jpeg") -> Image.Image:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind, exif=exif)
    return Image.open(io.BytesIO(file.getvalue()))


def exif_of(taken: str | None, fraction: str = "", model: str = "", serial: str = "") -> Image.Exif:
    exif = Image.Exif()
    values = {
        ExifTags.Base.DateTimeOriginal: taken,
        ExifTags.Base.SubsecTimeOriginal: fraction,
        ExifTags.Base.BodySerialNumber: serial,
    }
    exif.get_ifd(SHOT).update({tag: value for tag, value in values.items() if value})
    if model:
        exif[ExifTags.Base.Model] = model
    return exif


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_time_and_camera_are_read(kind: str) -> None:
    exif = exif_of("2026:03:29 02:30:05", "047", "Trap 3000", "A-17")
    assert read_taken(reread(exif, kind)) == Taken("Trap 3000 A-17", 1774751405047)


@pytest.mark.parametrize(
    ("fraction", "millis"), [("", 0), ("5", 500), ("05", 50), ("123456", 123), ("x", 0), ("  ", 0)]
)
def test_fractions_of_a_second_are_decimals(fraction: str, millis: int) -> None:
    assert read_taken(reread(exif_of("1970:01:01 00:00:01", fraction))) == Taken("", 1000 + millis)


@pytest.mark.parametrize(
    "taken", [None, "0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", "2026:13:45 10:00:00"]
)
def test_a_time_that_is_none_is_left_out(taken: str | None) -> None:
    assert read_taken(reread(exif_of(taken, model="Trap"))) is None


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.binary(max_size=200), st.integers(0, 150))
def test_damaged_exif_data_are_no_error(noise: bytes, at: int) -> None:
    whole = bytearray(exif_of("2026:01:01 10:00:00", "5", "Trap", "1").tobytes())
    whole[at : at + len(noise)] = noise
    image = Image.new("RGB", (8, 8))
    image.info["exif"] = bytes(whole)
    read_taken(image)


def smooth(seed: int, height: int, width: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (7, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def test_a_thumbnail_is_the_photo_squashed() -> None:
    small = thumbnail(smooth(0, 400, 100))
    assert small.shape == (32, 32, 3)
    assert np.abs(small.astype(int) - thumbnail(smooth(0, 100, 400))).mean() < 4


def test_hashes_are_close_for_one_scene_and_far_for_two() -> None:
    one, same, other = (
        perceptual_hash(thumbnail(photo)) for photo in (smooth(1, 90, 90), smooth(1, 300, 200), smooth(2, 90, 90))
    )
    assert (one ^ same).bit_count() <= 2
    assert (one ^ other).bit_count() > 10
    assert 0 <= one < 2**64


def test_a_record_keeps_what_was_seen() -> None:
    photo = smooth(1, 90, 120)
    (row,) = record(photo, thumbnail(photo), Taken("ä" * 60, -5))
    assert (row["height"], row["width"], row["taken"], row["at_ms"]) == (90, 120, True, -5)
    assert row["hash"] == perceptual_hash(thumbnail(photo))
    assert row["camera"].decode(errors="ignore") == "ä" * 32
    assert not record(photo, thumbnail(photo), None)["taken"]
