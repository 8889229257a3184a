"""A registry of signed models, read with TUF: the adapter of `sagui.device.update.source.Source` for the field.

What is known of the registry is kept between two looks, because an attack is known by what was seen before. All ways
to a registry (its address, a folder on a card) share it. Newer roots are followed from the one that a person trusted.

A device whose clock is behind cannot notice that it is shown an old state (freeze): nothing seems to expire. It still
never goes back, because versions are compared, not times.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import TargetFile
from tuf.ngclient import Updater

from sagui.device.errors import DistrustError, SourceAwayError, SourceError
from sagui.device.store.filesystem import Filesystem, RealFilesystem
from sagui.device.update.fetch import Fetcher, Signed, on_disk, part_of, read_signed
from sagui.device.update.limits import LIMITS, Limits
from sagui.device.update.lists import Lists
from sagui.device.update.pace import Clock, Deadline
from sagui.device.update.patch import Worth, choose, rebuild, settle
from sagui.device.update.source import Candidate, Progress
from sagui.device.update.transport import check_registry
from sagui.registry import (
    METADATA,
    TARGETS,
    Index,
    Patch,
    Published,
    RegistryError,
    bundle_path,
    decode_index,
    index_path,
    patch_path,
)
from sagui.registry.index import LONGEST_BYTES

ROOT_FILE = "root.json"
"""In the folder, as the TUF client keeps it: the newest root that is trusted."""

LOCK = "lock"
"""A file in the folder, held while a registry is asked."""

_PATIENCE_S = 10.0


def utc_now() -> datetime:
    """Gives the time that TUF compares with."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Found:
    """What the lists say of a bundle: itself, and the ways to it."""

    signed: Signed
    patches: tuple[Patch, ...]
    lists: Updater


class TufSource:
    """Gives bundles of one registry, if they were signed by keys that a root leads to."""

    def __init__(
        self,
        registry_url: str,
        trusted_root: bytes,
        folder: Path,
        limits: Limits = LIMITS,
        *,
        files: Filesystem | None = None,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Asks nobody yet.

        Args:
            registry_url: http, https or file.
            trusted_root: The root that a person put on the device.
            folder: Keeps what is known of the registry; made if it is not there.
            limits: What it may cost.
            files: The disk that bundles are written to.
            clock: Measures how long things take.
            now: What this device takes for the time; stands in messages.

        Raises:
            SourceError: The address cannot be one.
        """
        self._url = check_registry(registry_url)
        self._root = trusted_root
        self._folder = folder
        self._limits = limits
        self._files = files or RealFilesystem()
        self._clock = clock
        self._now = now
        self._fetcher = Fetcher(limits, clock, self._files)
        self._found: dict[Candidate, _Found] = {}

    def find(self, model: str, version: str | None) -> Candidate:
        """See `Source.find`."""
        deadline = Deadline("the registry's lists", self._limits.refresh_s, self._clock)
        lists = Lists(self._limits, deadline)
        with on_disk(self._folder), self._alone(), lists.in_words(self._url, self._now, self._folder / ROOT_FILE):
            updater = self._updater(lists)
            updater.refresh()
            index = self._index(updater, deadline, model)
            published = _pick(index, version)
            target = updater.get_targetinfo(bundle_path(model, published.version))
            self._keep()
        signed = _agreed(published, bundle_path(model, published.version), target)
        if signed.bytes > self._limits.bundle_bytes:
            raise SourceError(
                f"{signed.path} has {signed.bytes} bytes; {self._limits.bundle_bytes} are fetched at most"
            )
        candidate = Candidate(model, published.version, signed.sha256, signed.bytes)
        self._found[candidate] = _Found(signed, published.patches, updater)
        return candidate

    def fetch(self, candidate: Candidate, to: Path, have: Path | None, progress: Progress) -> None:
        """See `Source.fetch`."""
        if candidate not in self._found and self.find(candidate.model, candidate.version) != candidate:
            raise DistrustError(f"{candidate.model} {candidate.version} is another bundle than it was; publish it anew")
        found = self._found[candidate]
        with on_disk(to):
            if self._is_there(found.signed, to):
                return
        if have is None or not self._patched(found, to, have, progress):
            self._fetcher.fetch(self._address(found.signed), found.signed, to, progress)

    def _updater(self, lists: Lists) -> Updater:
        try:
            return Updater(str(self._folder), f"{self._url}/{METADATA}", fetcher=lists, bootstrap=self._root)
        except RepositoryError as error:
            raise DistrustError(
                f"the root that this device should trust is none: {error}; give it root.json"
            ) from error

    def _index(self, updater: Updater, deadline: Deadline, model: str) -> Index:
        target = updater.get_targetinfo(index_path(model))
        if target is None:
            raise SourceError(f"{self._url} has no model {model!r}; publish it, or mend the name")
        signed = _signed(index_path(model), target)
        if signed.bytes > LONGEST_BYTES:
            raise SourceError(f"{signed.path} has {signed.bytes} bytes; {LONGEST_BYTES} are read at most")
        try:
            index = decode_index(read_signed(self._address(signed), signed, self._limits, deadline))
        except RegistryError as error:
            raise SourceError(f"{signed.path}: {error}") from error
        if index.model != model:
            raise DistrustError(f"mix-and-match: {signed.path} lists the versions of {index.model}")
        return index

    def _patched(self, found: _Found, to: Path, have: Path, progress: Progress) -> bool:
        """Whether a patch led to the bundle. Whatever is wrong with it, the whole file is the answer."""
        beside = to.with_name(f"{to.name}.patch")
        try:
            patch = self._patch(found, to, have)
            if patch is None:
                return False
            self._fetcher.fetch(self._address(patch), patch, beside, progress)
            made = rebuild(self._files.read(have), self._files.read(beside), found.signed)
            settle(self._files, made, to)
        except (SourceError, RepositoryError, OSError, MemoryError):
            return False
        with on_disk(to):
            self._fetcher.forget(to)
        return True

    def _patch(self, found: _Found, to: Path, have: Path) -> Signed | None:
        wanted = found.signed
        left = wanted.bytes - self._fetcher.here_bytes(part_of(to, wanted.sha256))
        worth = Worth(fetch_bytes=left, memory_bytes=self._limits.patch_bytes)
        have_sha256 = self._fetcher.sha256_of(have)
        patch = choose(found.patches, have_sha256, self._files.size(have), wanted, worth)
        if patch is None:
            return None
        path = patch_path(wanted.path.partition("/")[0], patch.of, wanted.sha256)
        signed = _signed(path, found.lists.get_targetinfo(path))
        return signed if signed.bytes == patch.bytes else None

    def _is_there(self, signed: Signed, to: Path) -> bool:
        return self._fetcher.here_bytes(to) == signed.bytes and self._fetcher.sha256_of(to) == signed.sha256

    def _address(self, signed: Signed) -> str:
        folder, _, name = signed.path.rpartition("/")
        return f"{self._url}/{TARGETS}/{quote(folder)}/{signed.sha256}.{quote(name)}"

    def _keep(self) -> None:
        """Has what was learned on the disk: what is forgotten in a power cut protects from no rollback."""
        for path in (*self._folder.rglob("*.json"), self._folder / "root_history", self._folder):
            self._files.sync(path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps other programs from the lists: two that change them at once would spoil them."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with self._files.lock(self._folder / LOCK, _PATIENCE_S):
                yield
        except BlockingIOError as error:
            raise SourceAwayError(f"{self._folder}: another program asks a registry; it is asked later") from error


def _pick(index: Index, version: str | None) -> Published:
    published = index.find(version or index.latest)
    if published is None:
        there = ", ".join(one.version for one in index.versions[-5:])
        raise SourceError(f"{index.model} {version} is not in the registry; the newest are {there}")
    return published


def _signed(path: str, target: TargetFile | None) -> Signed:
    digest = target.hashes.get("sha256") if target is not None else None
    if target is None or digest is None:
        raise DistrustError(f"unsigned: {path} is in a list of versions, but nobody signed for it with its SHA-256")
    return Signed(path, digest, target.length)


def _agreed(published: Published, path: str, target: TargetFile | None) -> Signed:
    signed = _signed(path, target)
    if (published.path, published.sha256, published.bytes) != (path, signed.sha256, signed.bytes):
        raise DistrustError(f"hash or length mismatch: the list of versions speaks of another {path} than was signed")
    return signed
