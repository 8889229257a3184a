"""The folder of what was collected: class folders, and two tables beside them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sagui.bundle.replace import write_bytes
from sagui.device.capture.errors import CaptureError
from sagui.device.capture.exif import with_time
from sagui.device.capture.folder import ClassFolder
from sagui.device.capture.labels import folder_of
from sagui.device.collect import table
from sagui.device.collect.records import FILE, Record, encode_record, entries_of, read_records
from sagui.device.collect.rules import Entry, Limits, Reason, Top, interest, room_for
from sagui.wire import LabelScore, timestamp

UNSURE = "unsure"
"""The folder of photos whose best label is not the one that was said."""

LEAST_FREE_BYTES = 100 * 1024 * 1024
"""So much of the disk is left to others: results wait for the broker on it, too."""

_PRIVATE = 0o700
_SUFFIX = ".jpg"


class Archive:
    """Keeps photos within a room. The disk is the truth: a person may move, relabel or delete them at any time."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Does not touch the disk yet."""
        self._folder, self._limits = folder, limits
        self._bytes: int | None = None

    def keep(
        self, jpeg: bytes, time: float, top: Top, label: str, reason: Reason, model: str, stream: str | None
    ) -> bool:
        """Writes a photo, and removes less interesting ones where there is no room.

        Args:
            jpeg: The photo.
            time: When it was taken, Unix time in seconds.
            top: The best labels with their scores.
            label: What was said.
            reason: Why it is kept.
            model: Name and version.
            stream: See `Record`.

        Returns:
            Whether it was kept; not if all that is there is worth more.

        Raises:
            CaptureError: The disk is full, read-only, or gone.
        """
        content = with_time(jpeg, time)
        with self._told():
            self._open()
            worth = Entry("", len(content), interest(top, reason), timestamp(time))
            if not self._make_room(worth):
                return False
            self._leave_room_to_others()
            guess = top[0][0]
            path = ClassFolder(self._folder / (folder_of(label) if label == guess else UNSURE)).save(content, time)
            record = Record(
                time=worth.time,
                path=path.relative_to(self._folder).as_posix(),
                guess=guess,
                top=tuple(LabelScore(label=name, score=round(min(max(score, 0.0), 1.0), 4)) for name, score in top),
                model=model,
                reason=reason,
                interest=worth.interest,
                stream=stream,
            )
            self._append(FILE, encode_record(record), b"")
            self._append(table.FILE, table.row(record.path, guess), table.HEADER)
            self._bytes = (self._bytes or 0) + len(content)
        return True

    def _open(self) -> None:
        """Makes the folder, and looks once what an earlier run left."""
        self._folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        if self._bytes is None:
            sizes = self._sizes()
            self._drop_rows(sizes)
            self._bytes = sum(sizes.values())

    def _make_room(self, new: Entry) -> bool:
        if (self._bytes or 0) + new.bytes <= self._limits.bytes:
            return True
        sizes = self._sizes()
        records, _ = read_records(self._read(FILE))
        gone = room_for(new, entries_of(records, sizes, table.labels(self._read(table.FILE))), self._limits)
        self._bytes = sum(sizes.values())
        if gone is None:
            return False
        for entry in gone:
            (self._folder / entry.path).unlink(missing_ok=True)
            del sizes[entry.path]
        self._bytes = sum(sizes.values())
        self._drop_rows(sizes)
        return True

    def _drop_rows(self, there: dict[str, int]) -> None:
        """Leaves out of the tables what is not there: training refuses a table with missing photos."""
        before = self._read(FILE)
        records, _ = read_records(before)
        lines = b"".join(encode_record(record) for record in records if record.path in there)
        if lines != before:
            write_bytes(self._folder / FILE, lines)
        written = self._read(table.FILE)
        kept = table.without(table.healed(written), lambda path: not (self._folder / path).is_file())
        if kept != written:
            write_bytes(self._folder / table.FILE, kept)

    def _sizes(self) -> dict[str, int]:
        files = (path for path in self._folder.rglob(f"*{_SUFFIX}") if not path.name.startswith(".") and path.is_file())
        return {path.relative_to(self._folder).as_posix(): path.stat().st_size for path in files}

    def _leave_room_to_others(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < LEAST_FREE_BYTES:
            raise CaptureError(
                f"{self._folder}: only {free // 2**20} MiB of the disk are free, and {LEAST_FREE_BYTES // 2**20} are "
                "left to others; make room"
            )

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        return path.read_bytes() if path.exists() else b""

    def _append(self, name: str, line: bytes, header: bytes) -> None:
        with (self._folder / name).open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size == 0:
                line = header + line
            else:
                file.seek(size - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line  # power was cut off, or an editor was
            file.write(line)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._bytes = None
            raise CaptureError(f"{self._folder}: cannot be written to: {error.strerror}; make room") from error
        except CaptureError:
            self._bytes = None  # looked up anew when it works again
            raise
