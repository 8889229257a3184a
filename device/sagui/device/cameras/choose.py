"""From what a person wrote to a camera; the adapter is imported when it is asked for."""

from collections.abc import Callable
from pathlib import Path

from sagui.device.cameras.incidents import Incident
from sagui.device.cameras.options import Options, parse_options
from sagui.device.cameras.port import Camera
from sagui.device.cameras.spec import HELP, Source, split_spec
from sagui.device.errors import CameraError


def open_camera(
    spec: str,
    *,
    loop: bool,
    warn: Callable[[str], None],
    tell: Callable[[Incident], None] | None = None,
    beat: Callable[[], None] | None = None,
    patient: bool = False,
) -> Camera:
    """Opens a camera.

    Args:
        spec: See `HELP`; a plain path is a folder or a video file.
        loop: Whether photos and videos start again at their end.
        warn: Told, once each, of photos that are passed over, and of settings a camera does not take.
        tell: Told, in another thread, when a live camera goes and comes; by default ``warn`` is.
        beat: Called at each frame that the camera gives, also at those that a trigger holds back.
        patient: Whether a live camera that is not there yet is waited for.

    Raises:
        CameraError: It is not there, or is no camera, or an option is wrong.
    """
    from sagui.device.cameras.treated import TreatedCamera

    source = _found(spec)
    options = parse_options(source.query, source.kind)
    return TreatedCamera(_open(source, options, loop, warn, tell, patient), options, beat)


def _found(spec: str) -> Source:
    """Takes the spec apart, and lets the disk say what a plain path is."""
    source = split_spec(spec)
    if source.kind != "path":
        return source
    for address, query in ((spec, ""), (source.address, source.query)):  # a question mark may be in a file's name
        try:
            if Path(address).exists():
                return Source("folder" if Path(address).is_dir() else "file", address, query, address)
        except OSError as error:
            raise CameraError(f"camera: {address} cannot be looked at: {error.strerror}") from error
    raise CameraError(f"camera: there is no {source.address!r}; use {HELP}")


def _open(
    source: Source,
    options: Options,
    loop: bool,  # noqa: FBT001 (private)
    warn: Callable[[str], None],
    tell: Callable[[Incident], None] | None,
    patient: bool,  # noqa: FBT001 (likewise)
) -> Camera:
    if source.kind == "folder":
        from sagui.device.cameras.folder import FolderCamera

        return FolderCamera(Path(source.address), loop=loop, warn=warn)
    if source.kind == "file":
        from sagui.device.cameras.opencv import open_video

        return open_video(Path(source.address), loop=loop)
    if source.kind == "synthetic" and options.stall_after is None:
        from sagui.device.cameras.synthetic import SyntheticCamera

        return SyntheticCamera(source.address, options)
    from sagui.device.cameras.live import LiveCamera

    return LiveCamera(
        source.name,
        lambda: _live(source, options, warn),
        tell or (lambda incident: warn(str(incident))),
        stall_seconds=options.stall_seconds,
        patient=patient,
    )


def _live(source: Source, options: Options, warn: Callable[[str], None]) -> Camera:
    if source.kind == "usb":
        from sagui.device.cameras.usb import open_usb

        return open_usb(source.address, source.name, options, warn)
    if source.kind == "picamera2":
        from sagui.device.cameras.picamera import PiCamera

        return PiCamera(int(source.address), source.name, options)
    if source.kind == "synthetic":
        from sagui.device.cameras.synthetic import SyntheticCamera

        return SyntheticCamera(source.address, options)
    from sagui.device.cameras.network import open_stream

    return open_stream(source.address, source.name, options.stall_seconds)
