"""Raspberry Pi camera modules, by picamera2.

The library comes from Raspberry Pi OS alone, and is imported when such a camera is asked for.
"""

import importlib
import time
from contextlib import suppress
from types import ModuleType
from typing import Any

import numpy as np

from sagui.device.cameras.options import Options
from sagui.device.cameras.port import Frame
from sagui.device.errors import CameraError

RGB_FORMAT = "BGR888"
"""libcamera names bytes from the last to the first: its arrays are red, green, blue; those of "RGB888" are not."""


class PiCamera:
    """A camera module. It belongs behind a `LiveCamera`."""

    def __init__(self, number: int, name: str, options: Options, library: ModuleType | None = None) -> None:
        """Opens, configures and starts it.

        Args:
            number: Of the camera, from 0.
            name: What a person called it.
            options: Size and rate to ask for.
            library: picamera2; None imports it.

        Raises:
            CameraError: picamera2 is not installed, there is no such camera, it is busy, or it refuses the size.
        """
        self._name, self._timeout_s = name, options.stall_seconds
        library = library or _library()
        cameras = _known(library, name)
        if number >= cameras:
            there = "none: check the cable" if not cameras else f"picamera2:0 to picamera2:{cameras - 1}"
            raise CameraError(f"camera: {name} is not there; there is {there}")
        try:
            self._camera = library.Picamera2(number)
        except (RuntimeError, IndexError, OSError) as error:
            raise CameraError(
                f"camera: {name} cannot be opened: {error}; if another program uses it, sagui doctor says which"
            ) from error
        try:
            self._start(options)
        except (RuntimeError, ValueError, OSError) as error:
            with suppress(CameraError):
                self.close()
            raise CameraError(f"camera: {name} cannot be started: {error}; leave out width, height and fps") from error
        self._given = 0

    def _start(self, options: Options) -> None:
        main: dict[str, Any] = {"format": RGB_FORMAT}
        if options.width is not None:
            main["size"] = (options.width, options.height)
        controls = {} if options.fps is None else {"FrameRate": options.fps}
        self._camera.configure(self._camera.create_video_configuration(main=main, controls=controls))
        self._camera.start()

    def read(self) -> Frame | None:
        """See `Camera.read`."""
        try:
            # Old versions take any number for "wait as long as it takes"; a TimeoutError is an OSError.
            photo = self._camera.capture_array("main", wait=1.2 * self._timeout_s)
        except (RuntimeError, OSError) as error:
            raise CameraError(f"camera: {self._name} fails: {error}") from error
        frame = Frame(np.asarray(photo, np.uint8), self._given, captured_s=time.monotonic())
        self._given += 1
        return frame

    def close(self) -> None:
        """See `Camera.close`."""
        try:
            self._camera.stop()
            self._camera.close()
        except (RuntimeError, OSError) as error:
            raise CameraError(f"camera: {self._name} cannot be let go: {error}") from error


def _library() -> ModuleType:
    try:
        return importlib.import_module("picamera2")
    except ImportError as error:
        raise CameraError(
            f"camera: picamera2 cannot be imported ({error}): sudo apt install python3-picamera2, and make the virtual "
            f"environment with /usr/bin/python3 -m venv --system-site-packages"
        ) from error


def _known(library: ModuleType, name: str) -> int:
    try:
        return len(library.Picamera2.global_camera_info())
    except (RuntimeError, OSError) as error:
        raise CameraError(f"camera: {name}: libcamera fails: {error}") from error
