"""USB cameras, and whatever else speaks Video4Linux."""

from collections.abc import Callable
from pathlib import Path

import cv2

from sagui.device.cameras.opencv import OpenCvCamera, VideoCapture
from sagui.device.cameras.options import Options
from sagui.device.cameras.v4l2 import why_not
from sagui.device.errors import CameraError

Opens = Callable[[str, int], VideoCapture]


def open_usb(
    path: str,
    name: str,
    options: Options,
    warn: Callable[[str], None],
    *,
    capture: Opens = cv2.VideoCapture,
    diagnose: Callable[[Path], str] = why_not,
) -> OpenCvCamera:
    """Opens a camera, and asks it for size and rate.

    Args:
        path: The device, like ``/dev/video0``.
        name: What a person called it.
        options: Size and rate to ask for.
        warn: Told when the camera gives something else.
        capture: Opens it.
        diagnose: Says why it cannot be opened.

    Raises:
        CameraError: It is not there, not a camera, not ours to read, or busy.
    """
    try:
        opened = capture(path, cv2.CAP_V4L2)
        if not opened.isOpened():
            raise CameraError(f"camera: {name} {diagnose(Path(path))}")
        _ask(opened, name, options, warn)
    except cv2.error as error:
        raise CameraError(f"camera: {name} fails: {error.err}") from error
    return OpenCvCamera(opened, name, live=True)


def _ask(opened: VideoCapture, name: str, options: Options, warn: Callable[[str], None]) -> None:
    if options.width is not None and options.height is not None:
        opened.set(cv2.CAP_PROP_FRAME_WIDTH, options.width)
        opened.set(cv2.CAP_PROP_FRAME_HEIGHT, options.height)
        # Drivers take the nearest size they have, and say so only when asked.
        size = round(opened.get(cv2.CAP_PROP_FRAME_WIDTH)), round(opened.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if size != (options.width, options.height):
            warn(f"camera: {name} gives {size[0]}x{size[1]}, not {options.width}x{options.height}")
    if options.fps is not None:
        opened.set(cv2.CAP_PROP_FPS, options.fps)
        rate = opened.get(cv2.CAP_PROP_FPS)
        if abs(rate - options.fps) > 0.1 * options.fps:
            warn(f"camera: {name} gives {rate:g} frames a second, not {options.fps:g}")
