"""What the kernel says about a camera that OpenCV could not open.

OpenCV only says that it failed. The numbers and structures are those of Linux's `videodev2.h`; their meaning is in its
documentation, https://docs.kernel.org/userspace-api/media/v4l/v4l2.html.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

QUERYCAP = 0x80685600
"""VIDIOC_QUERYCAP: what the device is."""

REQBUFS = 0xC0145608
"""VIDIOC_REQBUFS: for no buffers it changes nothing, but fails with EBUSY while another process streams."""

_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_REQUEST = struct.Struct("=IIII4x")
_CAPTURE, _CAPTURE_PLANES, _HAS_DEVICE_CAPS = 0x1, 0x1000, 0x8000_0000
_TYPE_CAPTURE, _TYPE_CAPTURE_PLANES, _MEMORY_MMAP = 1, 9, 1
_CAMERA_MODULES = frozenset({"unicam", "rp1-cfe", "bm2835 mmal", "bcm2835-isp", "pispbe"})

Control = Callable[[int, int, bytes], bytes]


def why_not(path: Path, *, control: Control = fcntl.ioctl, device_open: Callable[..., int] = os.open) -> str:
    """Says why a camera cannot be used, and what to do.

    Args:
        path: The device, like ``/dev/video0``.
        control: Asks a device.
        device_open: Opens a device.

    Returns:
        The end of a sentence that begins with the camera's name.
    """
    try:
        device = device_open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return _not_opened(path, error)
    try:
        return _asked(control, device)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return "is in use by another program; sagui doctor says by which"
        if error.errno == errno.ENOTTY:
            return f"is no camera: {path} does not speak Video4Linux"
        return f"does not answer: {error.strerror}; unplug it and plug it in again"
    finally:
        os.close(device)


def _not_opened(path: Path, error: OSError) -> str:
    if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        there = ", ".join(sorted(str(other) for other in Path("/dev").glob("video*"))) or "none"
        return f"is not there: no {path} (there is {there}); is it plugged in?"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "may not be read by this user: sudo usermod -aG video $USER, then log in again"
    if error.errno == errno.EBUSY:
        return "is in use by another program; sagui doctor says by which"
    return f"cannot be opened: {error.strerror}"


def _asked(control: Control, device: int) -> str:
    answer = control(device, QUERYCAP, bytes(_CAPABILITY.size))
    driver, card, _, _, capabilities, of_device = _CAPABILITY.unpack(answer)
    name, chip = (part.split(b"\0")[0].decode(errors="replace") for part in (card, driver))
    can = of_device if capabilities & _HAS_DEVICE_CAPS else capabilities
    if chip in _CAMERA_MODULES:
        return "is a Raspberry Pi camera module, which OpenCV cannot read; use picamera2"
    if not can & (_CAPTURE | _CAPTURE_PLANES):
        return f"gives no pictures ({name}); cameras have a second device for metadata, try the number before it"
    stream = _TYPE_CAPTURE if can & _CAPTURE else _TYPE_CAPTURE_PLANES
    control(device, REQBUFS, _REQUEST.pack(0, stream, _MEMORY_MMAP, 0))
    return f"({name}) is there and free, but OpenCV cannot read its format; try width= and height="
