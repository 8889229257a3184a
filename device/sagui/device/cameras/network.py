"""Cameras on the network: RTSP, and MJPEG over HTTP."""

from collections.abc import Callable, Sequence

import cv2

from sagui.device.cameras.opencv import OpenCvCamera, VideoCapture
from sagui.device.errors import CameraError

Opens = Callable[[str, int, Sequence[int]], VideoCapture]


def open_stream(url: str, name: str, timeout_s: float, capture: Opens = cv2.VideoCapture) -> OpenCvCamera:
    """Opens a stream, by OpenCV's FFmpeg: RTSP over TCP.

    Args:
        url: With user and password where the camera wants them.
        name: What to call it; without them.
        timeout_s: How long opening, and then any one frame, may take.
        capture: Opens it.

    Raises:
        CameraError: Nobody answers, it refuses, or what it sends cannot be decoded.
    """
    # Whoever watches gives up after just that time; it is told more when opening fails first, and reading last.
    opening, reading = round(900 * timeout_s), round(1200 * timeout_s)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, opening, cv2.CAP_PROP_READ_TIMEOUT_MSEC, reading]
    try:
        opened = capture(url, cv2.CAP_FFMPEG, limits)
        ready = opened.isOpened()
    except cv2.error as error:
        raise CameraError(f"camera: {name} fails: {error.err}") from error
    if not ready:
        raise CameraError(
            f"camera: {name} cannot be opened within {timeout_s:g} s; try its address, user and password in a player"
        )
    return OpenCvCamera(opened, name, live=True)
