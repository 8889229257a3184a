"""What one look at a photo tells besides its pixels: its size, what it resembles, when it was taken and by what."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from sagui.train.bursts import Taken
from sagui.train.store import RecordStore

THUMBNAIL = (32, 32, 3)
RECORD = np.dtype(
    [("hash", "<u8"), ("height", "<i4"), ("width", "<i4"), ("taken", "?"), ("at_ms", "<i8"), ("camera", "S64")]
)
"""What is kept of each photo beside its thumbnail."""

Record = npt.NDArray[np.void]

# What Pillow raises where EXIF data are damaged. The photo is fine without them.
_BAD_EXIF = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, ZeroDivisionError)


@dataclass(frozen=True)
class Looks:
    """What was seen of photos, in their order.

    Attributes:
        keys: The SHA-256 of each photo's file.
        records: ``(photos,)`` of `RECORD`.
        store: Their thumbnails by key.
    """

    keys: Sequence[str]
    records: Record
    store: RecordStore

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """Perceptual hashes ``(photos,)``."""
        return np.ascontiguousarray(self.records["hash"])

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Height and width in pixels, as the photos are meant to be seen ``(photos, 2)``."""
        return np.stack([self.records["height"], self.records["width"]], axis=1).astype(np.int64)

    @property
    def taken(self) -> tuple[Taken | None, ...]:
        """When and by what each was taken, where it says so."""
        rows = zip(*(self.records[name].tolist() for name in ("taken", "at_ms", "camera")), strict=True)
        return tuple(Taken(camera.decode(errors="ignore"), at_ms) if known else None for known, at_ms, camera in rows)

    def thumbnails(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Small pictures ``(positions, 32, 32, 3)``, RGB, squashed to a square."""
        return self.store.take([self.keys[position] for position in positions])


def thumbnail(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Shrinks a photo ``(height, width, 3)`` to a `THUMBNAIL`."""
    height, width, _ = THUMBNAIL
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def perceptual_hash(small: npt.NDArray[np.uint8]) -> int:
    """The 64 signs of a thumbnail's low frequencies, as a number."""
    bits = imagehash.phash(Image.fromarray(small)).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def record(photo: npt.NDArray[np.uint8], small: npt.NDArray[np.uint8], taken: Taken | None) -> Record:
    """What is kept of a photo ``(height, width, 3)``: one `RECORD`."""
    height, width = photo.shape[:2]
    camera = taken.camera.encode() if taken else b""
    row = (perceptual_hash(small), height, width, taken is not None, taken.at_ms if taken else 0, camera)
    return np.array([row], RECORD)


def read_taken(image: Image.Image) -> Taken | None:
    """Reads when a photo was taken from its EXIF data, to the millisecond where the camera tells it."""
    try:
        exif = image.getexif()
        shot = exif.get_ifd(ExifTags.IFD.Exif)
        written = str(shot[ExifTags.Base.DateTimeOriginal]).strip("\0 ")
        at = datetime.strptime(written, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
        fraction = str(shot.get(ExifTags.Base.SubsecTimeOriginal, "")).strip("\0 ")
        names = (exif.get(ExifTags.Base.Model), shot.get(ExifTags.Base.BodySerialNumber))
    except _BAD_EXIF:
        return None
    millis = int(f"{fraction:0<3}"[:3]) if fraction.isdecimal() else 0
    camera = " ".join(str(name).strip("\0 ") for name in names if name)
    return Taken(camera, round(at.timestamp()) * 1000 + millis)
