"""What training makes of the photos: read by its own reader, Pillow."""

import io

import numpy as np
from PIL import Image

from sagui.device.capture.chooser import EVERY_SECONDS
from sagui.device.capture.exif import with_time
from sagui.device.capture.jpeg import encode_jpeg
from sagui.train.bursts import bursts
from sagui.train.look import read_taken
from sagui.train.recipe.choices import SplitChoice


def test_photos_of_one_moment_are_a_burst_and_those_at_the_usual_pace_are_not() -> None:
    jpeg = encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    times = [100.25, 100.75, 102.0, 102.0 + EVERY_SECONDS, 102.0 + 2 * EVERY_SECONDS]
    taken = [read_taken(Image.open(io.BytesIO(with_time(jpeg, time)))) for time in times]
    assert [when.at_ms for when in taken if when] == [round(1000 * time) for time in times]
    assert bursts(taken, SplitChoice().burst_seconds) == [(0, 1, 2)]
