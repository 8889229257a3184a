"""From what a person wrote to a camera; the adapter is imported when it is asked for."""

from collections.abc import Callable
from pathlib import Path

from sagui.device.cameras.port import Camera
from sagui.device.errors import CameraError

HELP = "folder:DIR, usb:0 or /dev/video0, file:VIDEO, or rtsp://..."


def open_camera(spec: str, *, loop: bool, warn: Callable[[str], None]) -> Camera:
    """Opens a camera.

    Args:
        spec: See `HELP`; a plain path is a folder or a video file.
        loop: Whether photos and videos start again at their end.
        warn: Told, once each, of photos that are passed over.

    Raises:
        CameraError: It is not there, or is no camera.
    """
    kind, _, rest = spec.partition(":")
    if kind == "folder" or Path(spec).is_dir():
        from sagui.device.cameras.folder import FolderCamera

        return FolderCamera(Path(rest if kind == "folder" else spec), loop=loop, warn=warn)
    if kind == "file" or Path(spec).is_file():
        return _video(Path(rest if kind == "file" else spec), loop=loop)
    if kind == "usb":
        if not rest.isdecimal():
            raise CameraError(f"camera: usb:{rest} has no number; the first USB camera is usb:0")
        return _live(int(rest), spec)
    if spec.startswith("/dev/video") or kind in {"rtsp", "rtsps", "http", "https"}:
        return _live(spec, spec)
    raise CameraError(f"camera: there is no {spec!r}; use {HELP}")


def _video(path: Path, *, loop: bool) -> Camera:
    from sagui.device.cameras.opencv import OpenCvCamera

    if not path.is_file():
        raise CameraError(f"camera: no such video file: {path}")
    return OpenCvCamera(str(path), str(path), loop=loop)


def _live(source: int | str, name: str) -> Camera:
    from sagui.device.cameras.latest import LatestFrame
    from sagui.device.cameras.opencv import OpenCvCamera

    return LatestFrame(OpenCvCamera(source, name, live=True))
