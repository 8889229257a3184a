"""Photos as JPEG files."""

import cv2

from sagui.device.capture.errors import CaptureError
from sagui.infer.preprocess import Photo

QUALITY = 92
"""High, for what a network learns from should not be what a codec left."""


def encode_jpeg(photo: Photo, quality: int = QUALITY) -> bytes:
    """Makes a JPEG file of a photo ``(height, width, 3)``, RGB.

    Args:
        photo: What to write.
        quality: 1 to 100.

    Raises:
        CaptureError: It cannot be one, because a side has no pixels, or more than 65,535.
    """
    try:
        done, content = cv2.imencode(
            ".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
    except cv2.error as error:
        raise CaptureError(f"a frame of {photo.shape} cannot be a JPEG: {error.err}") from error
    if not done:
        raise CaptureError(f"a frame of {photo.shape} cannot be a JPEG; take a smaller one")
    return content.tobytes()
