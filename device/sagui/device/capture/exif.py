"""The time a photo was taken, inside the photo, where training looks for bursts. Pure rules, no I/O.

Written as "Exif 2.32" (CIPA DC-008-2019) says: a TIFF structure in the segment APP1, right behind the start of image.
OpenCV can embed such a structure since 4.12, but makes none.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime

MAKER = "sagui"
"""The camera's model, as the photos say it."""

_START = b"\xff\xd8"
_ASCII, _LONG, _UNDEFINED = 2, 4, 7
_MODEL, _EXIF_IFD = 0x0110, 0x8769
_VERSION, _TIME, _OFFSET, _MILLIS = 0x9000, 0x9003, 0x9011, 0x9291
_HEADER = b"II*\0\x08\0\0\0"
_ENTRY_BYTES, _INLINE_BYTES = 12, 4

_Entry = tuple[int, int, bytes]


def with_time(jpeg: bytes, time: float, camera: str = MAKER) -> bytes:
    """Puts the time into a JPEG.

    Args:
        jpeg: A whole file, without EXIF data.
        time: When the camera gave the picture, Unix time in seconds.
        camera: What took it.

    Raises:
        ValueError: It is no JPEG.
    """
    if not jpeg.startswith(_START):
        raise ValueError("no JPEG: it does not begin with a start of image")
    body = b"Exif\0\0" + _tiff(time, camera)
    return _START + struct.pack(">HH", 0xFFE1, len(body) + 2) + body + jpeg[len(_START) :]


def _tiff(time: float, camera: str) -> bytes:
    moment = datetime.fromtimestamp(time, UTC)
    shot: list[_Entry] = [
        (_VERSION, _UNDEFINED, b"0232"),
        (_TIME, _ASCII, _text(f"{moment:%Y:%m:%d %H:%M:%S}")),
        (_OFFSET, _ASCII, _text("+00:00")),
        (_MILLIS, _ASCII, _text(f"{moment.microsecond // 1000:03d}")),
    ]
    main: list[_Entry] = [(_MODEL, _ASCII, _text(camera)), (_EXIF_IFD, _LONG, b"\0\0\0\0")]
    there = len(_HEADER) + len(_directory(main, len(_HEADER)))
    main[1] = (_EXIF_IFD, _LONG, struct.pack("<I", there))
    return _HEADER + _directory(main, len(_HEADER)) + _directory(shot, there)


def _directory(entries: Sequence[_Entry], at: int) -> bytes:
    """An image file directory that stands ``at`` so many bytes; values of over four bytes follow it."""
    behind = at + 2 + _ENTRY_BYTES * len(entries) + 4
    rows, values = b"", b""
    for tag, kind, value in entries:
        count = 1 if kind == _LONG else len(value)
        short = len(value) <= _INLINE_BYTES
        field = value.ljust(_INLINE_BYTES, b"\0") if short else struct.pack("<I", behind + len(values))
        rows += struct.pack("<HHI", tag, kind, count) + field
        if not short:
            values += value + b"\0" * (len(value) % 2)
    return struct.pack("<H", len(entries)) + rows + struct.pack("<I", 0) + values


def _text(text: str) -> bytes:
    return text.encode("ascii", "replace") + b"\0"
