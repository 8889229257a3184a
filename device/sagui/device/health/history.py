"""The crashes of earlier starts, in a small file in the state folder."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from sagui.bundle.replace import write_bytes
from sagui.device.events import Events
from sagui.device.health.crashes import Moment, Record, SafeMode, ended, forgiven, judge, noted, started

FILE = "starts.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MOST_BYTES = 1 << 16


def read_moment() -> Moment:
    """Asks the system's clocks."""
    try:
        boot = _BOOT.read_text("ascii").strip() or None
    except OSError:
        boot = None
    return Moment(boot, time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


class History:
    """Remembers starts that did not end well. It never raises: an agent without a disk works without a history."""

    def __init__(self, folder: Path, events: Events, moment: Callable[[], Moment] = read_moment) -> None:
        """Reads nothing yet; `begin` does.

        Args:
            folder: The device's state folder, which holds its outbox, too. One agent at a time uses it.
            events: Told of safe mode, and once of a file that cannot be used.
            moment: Gives the present time.
        """
        self._path, self._events, self._moment = folder / FILE, events, moment
        self._record = Record()
        self._safe = self._told = False

    def begin(self) -> SafeMode | None:
        """Records this start; call it once, after the outbox is open.

        Returns:
            Safe mode, if crashes ask for it: then open no camera and load no model for its `SafeMode.seconds`.
        """
        self._sweep()
        self._record = started(self._read(), self._moment())
        self._write()
        safe = judge(self._record)
        self._safe = safe is not None
        if safe:
            self._events.say("safe-mode", str(safe), crashes=safe.crashes, why=list(safe.why), seconds=safe.seconds)
        return safe

    def note(self, text: str) -> None:
        """Keeps why this start will end badly, for whoever asks later."""
        self._record = noted(self._record, text)
        self._write()

    def forgive(self) -> None:
        """Ends safe mode: what is tried now starts with no crashes."""
        self._safe = False
        self._record = forgiven(self._record)
        self._write()

    def end(self) -> None:
        """Records a clean stop."""
        self._record = ended(self._record, safe=self._safe)
        self._write()

    def _read(self) -> Record:
        try:
            with self._path.open("rb") as file:
                content = file.read(_MOST_BYTES)
            return msgspec.json.decode(content, type=Record)
        except FileNotFoundError:
            return Record()
        except OSError as error:
            self._trouble(f"cannot be read: {error.strerror}; crashes before this start are not known")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last: brackets, thousands deep
            self._trouble("is damaged; it begins anew, without the crashes before this start")
        return Record()

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self._path, msgspec.json.encode(self._record))
        except OSError as error:
            self._trouble(f"cannot be written: {error.strerror}; crashes will not lead to safe mode")

    def _sweep(self) -> None:
        """Removes what a process left that was killed as it wrote."""
        with suppress(OSError):
            for path in self._path.parent.glob(f".{self._path.stem}-*{self._path.suffix}"):
                path.unlink(missing_ok=True)

    def _trouble(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._events.say("history", f"crash history: {self._path} {text}")
