"""What may stand after a camera's address: `roi=...&rotate=90`. Pure rules, no I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sagui.device.cameras.geometry import Region
from sagui.device.errors import CameraError

STALL_SECONDS = 10.0
"""A live camera without a frame for so long is taken for gone, and opened again."""


@dataclass(frozen=True)
class Options:
    """How a camera is opened, and what becomes of its frames.

    Attributes:
        region: The part of the frame to keep, after turning and mirroring; None is all.
        rotate: Degrees clockwise: 0, 90, 180 or 270.
        mirror: Whether left and right change places.
        every_s: Least time from one frame to the next; None is none.
        motion: How sensitive to change, 0 to 1; None lets all frames pass.
        fps: Frames a second to ask of the camera; None leaves it to the camera.
        width: Of the frames to ask for, with height; None leaves it to the camera.
        height: Likewise.
        stall_seconds: After so long without a frame a live camera is opened again.
        frames: A synthetic camera ends after so many; None never ends.
        stall_after: A synthetic camera becomes a live one that hangs after so many frames; None does not.
    """

    region: Region | None = None
    rotate: int = 0
    mirror: bool = False
    every_s: float | None = None
    motion: float | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    stall_seconds: float = STALL_SECONDS
    frames: int | None = None
    stall_after: int | None = None


@dataclass(frozen=True)
class _Option:
    field: str
    read: Callable[[str], Any]
    allowed: str
    kinds: frozenset[str]


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not least <= value <= most:  # false for nan, too
            raise ValueError
        return value

    return read


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):  # noqa: PLR2004
            raise ValueError
        return int(text)

    return read


def _one_of(**values: object) -> Callable[[str], object]:
    def read(text: str) -> object:
        if text not in values:
            raise ValueError
        return values[text]

    return read


def _region(text: str) -> Region:
    share = _number(0, 1)
    x, y, width, height = map(share, text.split(","))
    slack = 1e-9  # 0.1 + 0.9 must do, whatever the numbers are in binary
    if not (width and height and x + width <= 1 + slack and y + height <= 1 + slack):
        raise ValueError
    return Region(x, y, width, height)


_ALL = frozenset({"folder", "file", "usb", "url", "picamera2", "synthetic"})
_SIZED = frozenset({"usb", "picamera2", "synthetic"})
_TIMED = _ALL - {"folder"}
_LIVE = frozenset({"usb", "url", "picamera2"})
_SYNTHETIC = frozenset({"synthetic"})
_OPTIONS = {
    "roi": _Option("region", _region, "x,y,width,height in shares of the frame, 0 to 1, and inside it", _ALL),
    "rotate": _Option("rotate", _one_of(**{"0": 0, "90": 90, "180": 180, "270": 270}), "0, 90, 180 or 270", _ALL),
    "mirror": _Option("mirror", _one_of(**{"0": False, "1": True}), "0 or 1", _ALL),
    "motion": _Option("motion", _number(0, 1), "a sensitivity from 0 to 1, 0.5 for a start", _ALL),
    "every": _Option("every_s", _number(0.01, 604_800), "seconds, 0.01 to 604800 (a week)", _TIMED),
    "fps": _Option("fps", _number(0.01, 1000), "frames a second, 0.01 to 1000", _SIZED),
    "width": _Option("width", _whole(16, 16384), "pixels, 16 to 16384, together with height", _SIZED),
    "height": _Option("height", _whole(16, 16384), "pixels, 16 to 16384, together with width", _SIZED),
    "stall_seconds": _Option("stall_seconds", _number(0.1, 3600), "seconds, 0.1 to 3600", _LIVE | _SYNTHETIC),
    "frames": _Option("frames", _whole(1, 999_999_999), "a whole number from 1", _SYNTHETIC),
    "stall_after": _Option("stall_after", _whole(1, 999_999_999), "a whole number from 1", _SYNTHETIC),
}
KEYS = frozenset(_OPTIONS)


def parse_options(query: str, kind: str) -> Options:
    """Reads ``key=value&key=value``.

    Args:
        query: What stands after the address; may be empty.
        kind: ``folder``, ``file``, ``usb``, ``url``, ``picamera2`` or ``synthetic``: not every option fits each.

    Raises:
        CameraError: A key is unknown, does not fit the kind, or comes twice, or its value is not allowed.
    """
    values: dict[str, object] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        option = _option(key, kind)
        if option.field in values:
            raise CameraError(f"camera: the option {key} is there twice; say it once")
        try:
            values[option.field] = option.read(text)
        except ValueError as error:
            raise CameraError(f"camera: {key}={shown(text)} is not allowed; {key} is {option.allowed}") from error
    for one, other in (("width", "height"), ("height", "width")):
        if one in values and other not in values:
            raise CameraError(f"camera: {one} needs {other} with it; or leave both to the camera")
    return Options(**values)  # type: ignore[arg-type]  # each value was read for its field


def shown(text: str) -> str:
    r"""Writes a part of a spec for a message: in one line that steers no terminal.

    >>> shown("usb:\n\x1b[2J")
    'usb:??[2J'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _option(key: str, kind: str) -> _Option:
    fitting = ", ".join(name for name, option in _OPTIONS.items() if kind in option.kinds)
    called = "a network camera" if kind == "url" else kind
    if key not in _OPTIONS:
        raise CameraError(f"camera: there is no option {key!r}; for {called} there are {fitting}")
    if kind not in _OPTIONS[key].kinds:
        raise CameraError(f"camera: {key} does not go with {called}; what does: {fitting}")
    return _OPTIONS[key]
