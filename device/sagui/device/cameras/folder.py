"""A folder of photos as a camera: in order, once or for ever."""

from collections.abc import Callable
from pathlib import Path

from sagui.device.cameras.port import Frame
from sagui.device.errors import CameraError
from sagui.infer.errors import PhotoError
from sagui.infer.preprocess import read_photo

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class FolderCamera:
    """The photos of a folder and the folders in it, sorted by path."""

    def __init__(self, folder: Path, *, loop: bool, warn: Callable[[str], None]) -> None:
        """Lists the photos.

        Raises:
            CameraError: There is no such folder, or no photo in it.
        """
        if not folder.is_dir():
            raise CameraError(f"camera: {folder} is no folder")
        self._folder = folder
        self._paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        if not self._paths:
            raise CameraError(f"camera: no photos ({', '.join(sorted(SUFFIXES))}) in {folder}")
        self._loop, self._warn = loop, warn
        self._next = 0
        self._given = 0
        self._bad: set[Path] = set()

    def read(self) -> Frame | None:
        """See `Camera.read`; a photo that cannot be read is named once and passed over."""
        while self._loop or self._next < len(self._paths):
            path = self._paths[self._next % len(self._paths)]
            self._next += 1
            try:
                photo = read_photo(path)
            except PhotoError as error:
                self._skip(path, error)
                continue
            frame = Frame(photo, self._given, path.relative_to(self._folder).as_posix())
            self._given += 1
            return frame
        return None

    def _skip(self, path: Path, error: PhotoError) -> None:
        if path not in self._bad:
            self._warn(f"camera: passed over {error}")
        self._bad.add(path)
        if len(self._bad) == len(self._paths):
            raise CameraError(f"camera: none of the {len(self._paths)} photos in {self._folder} can be read")

    def close(self) -> None:
        """See `Camera.close`."""
        self._loop, self._next = False, len(self._paths)
