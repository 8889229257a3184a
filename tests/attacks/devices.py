"""A device, as far as a registry sees it."""

from pathlib import Path

from tests.attacks.server import Server

from sagui.device.update.limits import Limits
from sagui.device.update.source import Candidate
from sagui.device.update.tuf_source import TufSource

IMPATIENT = Limits(connect_s=5, silence_s=1.5, refresh_s=4, download_s=4, window_s=0.5, chunk_bytes=1 << 12)
"""So short that a test can wait; so long that a busy machine keeps to it."""


class Device:
    """What stands between the registry and the store.

    Attributes:
        folder: Where all of it is kept.
        told: What the progress was told.
    """

    def __init__(self, server: Server, trusted: bytes, folder: Path) -> None:
        self.folder = folder
        self.url = server.url
        self.trusted = trusted
        self.told: list[tuple[int, int]] = []

    def source(self, limits: Limits | None = None) -> TufSource:
        """A new one each time: what it knows is on the disk."""
        return TufSource(self.url, self.trusted, self.folder / "registry", limits or Limits())

    def find(self, version: str | None = None, model: str = "pets", limits: Limits | None = None) -> Candidate:
        return self.source(limits).find(model, version)

    def update(self, version: str | None = None, have: Path | None = None, limits: Limits | None = None) -> Path:
        """Fetches a version."""
        source = self.source(limits)
        candidate = source.find("pets", version)
        to = self.folder / "incoming" / f"{candidate.sha256}.sagui"
        to.parent.mkdir(exist_ok=True)
        source.fetch(candidate, to, have, lambda here, whole: self.told.append((here, whole)))
        return to

    def left(self) -> list[str]:
        """What an update left behind."""
        return sorted(path.name for path in (self.folder / "incoming").iterdir())
