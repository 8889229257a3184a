"""What a person wrote for a camera, taken apart. Pure rules, no I/O."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from sagui.device.cameras.options import KEYS, shown
from sagui.device.errors import CameraError

HELP = (
    "folder:DIR, file:VIDEO, usb:0 or /dev/video0, rtsp://..., picamera2 or synthetic, "
    "with options behind it, as in 'usb:0?rotate=180&roi=0,0.5,1,0.5'"
)
SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
_MOST_DIGITS = 4

Kind = Literal["folder", "file", "usb", "url", "picamera2", "synthetic", "path"]


@dataclass(frozen=True)
class Source:
    """A camera's address.

    Attributes:
        kind: The adapter; ``path`` where only the disk knows whether it is a folder or a file.
        address: A path, a device's path, a URL, a number, or a scene's name.
        query: The options, as they were written.
        name: What to call it in a log: without user, password and the camera's own parameters.
    """

    kind: Kind
    address: str
    query: str
    name: str


def split_spec(text: str) -> Source:
    """Takes a camera's spec apart; whether it is there is another question.

    Raises:
        CameraError: It is no camera.
    """
    if text.partition("://")[0].lower() in SCHEMES and "://" in text:
        return _url(text)
    head, _, query = text.partition("?")
    if not head:
        raise CameraError(f"camera: {text!r} names none; use {HELP}")
    kind, address = _local(head)
    return Source(kind, address, query, address if kind in {"folder", "file"} else head)


def _local(head: str) -> tuple[Kind, str]:
    if head.startswith(("/dev/video", "/dev/v4l/")):
        return "usb", head
    match head.partition(":"):
        case ("folder" | "file") as kind, ":", rest:
            if not rest:
                raise CameraError(f"camera: {kind}: has no path; say {kind}:PATH")
            return kind, rest
        case "usb", ":", rest:
            return "usb", f"/dev/video{_number(head, rest, 'the first USB camera is usb:0')}"
        case "picamera2", _, rest:
            return "picamera2", _number(head, rest or "0", "the first camera is picamera2:0")
        case "synthetic", _, rest:
            return "synthetic", rest or "square"
        case _:
            return "path", head


def _number(head: str, text: str, hint: str) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise CameraError(f"camera: {shown(head)} has no number; {hint}")
    return str(int(text))


def _url(text: str) -> Source:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:  # its message may hold the password
        raise CameraError("camera: the URL cannot be read; it is like rtsp://HOST:554/PATH") from error
    if not host:
        raise CameraError("camera: the URL names no host; it is like rtsp://HOST:554/PATH")
    bracketed = f"[{host}]" if ":" in host else host
    # Some cameras want user and password in the path.
    secret = any(word in parts.path.lower() for word in ("pass", "pwd"))
    path = "/..." if secret else parts.path
    name = urlunsplit((parts.scheme, bracketed if port is None else f"{bracketed}:{port}", path, "", ""))
    theirs, ours = _whose(parts, name, marked="#" in text)
    return Source("url", urlunsplit(parts._replace(query=theirs, fragment="")), ours, name)


def _whose(parts: SplitResult, name: str, *, marked: bool) -> tuple[str, str]:
    """Tells the camera's own parameters from sagui's options: the latter follow a `#` where the former are there."""
    if marked:
        return parts.query, parts.fragment
    keys = [key for key, _ in parse_qsl(parts.query, keep_blank_values=True)]
    mine = [key for key in keys if key in KEYS]
    if not mine:
        return parts.query, ""
    if len(mine) < len(keys):
        raise CameraError(
            f"camera: {shown(name)} has parameters of its own and {', '.join(mine)}; put sagui's options behind a #, "
            f"as in rtsp://HOST/PATH?channel=1#rotate=90"
        )
    return "", parts.query
