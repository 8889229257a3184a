"""Models on the disk, and the ledger that says which of them is at work."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec

from sagui.bundle import BundleError, decode_bundle
from sagui.bundle.archive import MAX_BYTES
from sagui.device.errors import SourceError, StoreError
from sagui.device.store import ledger as rules
from sagui.device.store.filesystem import Filesystem, RealFilesystem
from sagui.device.store.ledger import Held, Ledger, Origin

Result = TypeVar("Result")

FOLDER = "models"
LEDGER = "ledger.json"
DAMAGED = "ledger.damaged.json"

MARGIN_BYTES = 16 * 1024 * 1024
"""So much stays free on the disk: results that wait for the broker are there, too."""

PATIENCE_S = 10.0
"""How long another program may hold the ledger; it does so for milliseconds."""

_MIB = 1024 * 1024
_READS = 3
_SUFFIX = ".sagui"


def store_folder(state: Path) -> Path:
    """Names the store's folder, below the one that a device keeps its state in."""
    return state / FOLDER


class Store:
    """The models that a device keeps. Several programs may use it; each change is done under a lock.

    ::

        models/ledger.json                which of them is what; replaced at once
        models/objects/<sha256>.sagui     whole and checked
        models/incoming/<sha256>.sagui    on its way; resumed after an interruption
    """

    def __init__(
        self, folder: Path, files: Filesystem | None = None, tell: Callable[[str], None] | None = None
    ) -> None:
        """Touches nothing yet.

        Args:
            folder: See `store_folder`; made when it is needed.
            files: The disk.
            tell: Told, in a line, of a ledger that was damaged.
        """
        self.folder = folder
        self._files = files or RealFilesystem()
        self._tell = tell or _silent
        self._objects, self._incoming = folder / "objects", folder / "incoming"
        self.damaged = False
        """Whether the ledger was found damaged: what is at work is the settings' model then."""

    def ledger(self) -> Ledger:
        """Reads the ledger, as it is now.

        One that is damaged is set aside. A new and empty one follows: no model is taken for good because its file is
        there, so the settings' model is at work until the next update.

        Raises:
            StoreError: It cannot be read.
        """
        try:
            content = _patiently(lambda: self._files.read(self.folder / LEDGER))
        except FileNotFoundError:
            return Ledger()
        except OSError as error:
            raise StoreError(_words(self.folder, error)) from error
        ledger = _decode(content)
        if ledger is None:
            with self._locked():
                return self._read()
        return ledger

    def change(self, rule: Callable[[Ledger], Ledger]) -> Ledger:
        """Changes the ledger, as a whole or not at all.

        Args:
            rule: See `sagui.device.store.ledger`.

        Returns:
            The new ledger; it is on the disk.

        Raises:
            StoreError: It cannot be written, or the rule does not allow it.
        """
        with self._locked():
            before = self._read()
            after = rule(before)
            if after != before:
                self._write(after)
        return after

    def path(self, held: Held) -> Path:
        """Names a bundle's file."""
        return self._objects / f"{held.sha256}{_SUFFIX}"

    def is_whole(self, held: Held) -> bool:
        """Whether a bundle is there, bit for bit.

        Raises:
            StoreError: The disk does not tell.
        """
        path = self.path(held)
        try:
            if _patiently(lambda: self._files.size(path)) != held.bytes:
                return False
            return sha256(_patiently(lambda: self._files.read(path))).hexdigest() == held.sha256
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(_words(path, error)) from error

    def make_room(self, needed_bytes: int) -> None:
        """Checks that a bundle would find room.

        Raises:
            StoreError: There is too little; the message says how much.
        """
        try:
            self._files.make_folder(self._incoming)
            free = self._files.free_bytes(self._incoming)
        except OSError as error:
            raise StoreError(_words(self.folder, error)) from error
        if free < needed_bytes + MARGIN_BYTES:
            raise StoreError(
                f"{self.folder}: {free / _MIB:.1f} MiB are free; the new model needs {needed_bytes / _MIB:.1f} MiB, "
                f"and {MARGIN_BYTES // _MIB} MiB must stay free; remove something"
            )

    def incoming(self, sha256_hex: str) -> Path:
        """Names the file that a bundle is fetched to; what was on its way before and is another one is removed.

        Raises:
            StoreError: The disk cannot be used.
        """
        try:
            self._files.make_folder(self._incoming)
            for name in self._files.names(self._incoming):
                if not name.startswith(sha256_hex):
                    self._files.remove(self._incoming / name)
        except OSError as error:
            raise StoreError(_words(self.folder, error)) from error
        return self._incoming / f"{sha256_hex}{_SUFFIX}"

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Keeps others from fetching at the same time.

        Raises:
            StoreError: Another does.
        """
        try:
            self._files.make_folder(self.folder)
            with self._files.lock(self.folder / "fetching.lock", 0.0):
                yield
        except BlockingIOError as error:
            raise StoreError(f"{self.folder}: another program fetches a model just now; wait for it") from error
        except OSError as error:
            raise StoreError(_words(self.folder, error)) from error

    def is_writable(self) -> bool:
        """Tries whether the ledger could be written now."""
        try:
            with self._locked():
                self._write(self._read())
        except StoreError:
            return False
        return True

    def stage(self, path: Path, held: Held, origin: Origin, rollout: str | None = None) -> Ledger:
        """Takes a bundle that was fetched, checks it, and has it to be put to work.

        Args:
            path: See `incoming`; gone afterwards. May be the object itself, if that is there already.
            held: What it must be.
            origin: Who wanted it.
            rollout: Which rollout it belongs to.

        Raises:
            SourceError: It is not what it was said to be, or no bundle; the file is removed.
            StoreError: The disk cannot be used.
        """
        self._check(path, held)
        with self._locked():
            self._files.sync(path)  # whoever wrote it, and whenever
            if path != self.path(held):
                self._files.rename(path, self.path(held))
            self._files.sync(self._objects)
            ledger = rules.stage(self._read(), held, origin, rollout)
            self._write(ledger)
        self.sweep()
        return ledger

    def sweep(self) -> None:
        """Removes bundles that nothing names any more. What cannot be removed does no harm, and is left for later."""
        with suppress(StoreError), self._locked():
            needed = {f"{one}{_SUFFIX}" for one in self._read().named()}
            for name in self._files.names(self._objects):
                if name not in needed:
                    self._files.remove(self._objects / name)

    def _check(self, path: Path, held: Held) -> None:
        try:
            content = self._files.read(path) if self._files.size(path) <= MAX_BYTES else b""
        except OSError as error:
            raise StoreError(_words(path, error)) from error
        try:
            check_bundle(content, held)
        except SourceError:
            self._discard(path)
            raise

    def _discard(self, path: Path) -> None:
        try:
            self._files.remove(path)
        except OSError as error:
            raise StoreError(_words(path, error)) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._files.make_folder(self._objects)
            with self._files.lock(self.folder / "lock", PATIENCE_S):
                yield
        except BlockingIOError as error:
            raise StoreError(f"{self.folder}: another program holds it; is a `sagui update` stuck?") from error
        except OSError as error:
            raise StoreError(_words(self.folder, error)) from error

    def _read(self) -> Ledger:
        try:
            content = self._files.read(self.folder / LEDGER)
        except FileNotFoundError:
            return Ledger()
        ledger = _decode(content)
        if ledger is not None:
            return ledger
        self._files.rename(self.folder / LEDGER, self.folder / DAMAGED)
        self._files.sync(self.folder)
        self.damaged = True
        self._tell(
            f"{self.folder / LEDGER} is damaged; set aside as {DAMAGED}. The settings' model is at work until the next "
            "update"
        )
        return Ledger()

    def _write(self, ledger: Ledger) -> None:
        content = encode_ledger(ledger)
        if _decode(content) is None:
            raise StoreError("the ledger would not be read again; this is a fault of sagui, please report it")
        beside = self.folder / f"{LEDGER}.new"
        self._files.write(beside, content)
        self._files.sync(beside)
        self._files.rename(beside, self.folder / LEDGER)
        self._files.sync(self.folder)


def check_bundle(content: bytes, held: Held) -> None:
    """Checks that a bundle is one, and what it is said to be.

    Raises:
        SourceError: It is not.
    """
    if len(content) != held.bytes or sha256(content).hexdigest() != held.sha256:
        raise SourceError(f"{held.model} {held.version}: what came is not what was promised (SHA-256 differs)")
    try:
        manifest = decode_bundle(content).manifest
    except BundleError as error:
        raise SourceError(f"{held.model} {held.version}: {error}") from error
    if (manifest.name, manifest.version) != (held.model, held.version):
        raise SourceError(
            f"{held.model} {held.version}: the bundle says of itself that it is {manifest.name} {manifest.version}; "
            "publish it again under its own name"
        )


def encode_ledger(ledger: Ledger) -> bytes:
    """Writes a ledger, for a person to read, too."""
    return msgspec.json.format(msgspec.json.encode(ledger), indent=2) + b"\n"


def _decode(content: bytes) -> Ledger | None:
    try:
        return msgspec.json.decode(content, type=Ledger)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _patiently(action: Callable[[], Result]) -> Result:
    """Reads again what could not be read: an SD card stumbles now and then."""
    for _ in range(_READS - 1):
        try:
            return action()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
    return action()


def _words(path: Path, error: OSError) -> str:
    remedy = {
        errno.ENOSPC: "; remove something",
        errno.EROFS: "; mount it writable",
        errno.EACCES: "; make it writable for the agent's user",
        errno.EIO: "; the disk fails, replace it",
    }.get(error.errno or 0, "")
    return f"{path}: models cannot be kept: {error.strerror or error}{remedy}"


def _silent(_text: str) -> None:
    """Nobody is told."""
