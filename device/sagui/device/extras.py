"""What looks at frames only if somebody wants it to: snapshots, and photos kept for the next training."""

from pathlib import Path

from sagui.device.collect.keep import Collector
from sagui.device.collect.rules import Limits
from sagui.device.config import settings as wanted
from sagui.device.events import Events
from sagui.device.observers import Exchangeable, Sighting
from sagui.device.publisher import Outlet, reference
from sagui.device.snapshot import Snapshots, SnapshotSettings, forget
from sagui.device.voice import Voice

_MIB = 1024 * 1024


class Collecting:
    """An `Observer` that offers each frame to a `Collector`."""

    def __init__(self, collector: Collector) -> None:
        """Offers to ``collector``."""
        self._collector = collector

    def saw(self, sighting: Sighting) -> None:
        """See `Observer.saw`."""
        stream, decided = sighting.stream, sighting.decided
        model = reference(stream)
        self._collector.consider(
            sighting.frame.photo,
            decided.verdict.top,
            decided.verdict.label,
            decided.changed,
            sighting.time,
            model=f"{model.name} {model.version}",
            stream=stream.name,
            region=stream.region,
        )

    def close(self) -> None:
        """Writes what is in hand."""
        self._collector.close()


class Extras:
    """Snapshots and collecting, each on or off, as the settings say now."""

    def __init__(self, outlet: Outlet, device: str, voice: Voice, events: Events) -> None:
        """Begins with both off; `apply` turns them on.

        Args:
            outlet: Where snapshots go.
            device: The name in the topics.
            voice: Told whether a snapshot may be asked for.
            events: Told what fails.
        """
        self._outlet, self._device, self._voice, self._events = outlet, device, voice, events
        self.snapshots, self.collecting = Exchangeable(), Exchangeable()
        self._snapshot: wanted.Snapshot | None = None
        self._collect: wanted.Collect | None = None

    def apply(self, settings: wanted.Settings) -> None:
        """Follows the settings; what did not change is left alone."""
        if settings.snapshot != self._snapshot:
            self._follow_snapshot(settings.snapshot)
        if settings.collect != self._collect:
            self._follow_collect(settings.collect)

    def close(self) -> None:
        """Writes what is in hand."""
        inner, self.collecting.inner = self.collecting.inner, None
        if isinstance(inner, Collecting):
            inner.close()

    def _follow_snapshot(self, new: wanted.Snapshot) -> None:
        self._snapshot = new
        if new.enabled:
            how = SnapshotSettings(max_side=new.max_side, quality=new.quality)
            snapshots = Snapshots(self._outlet, self._device, self._events, how)
            self.snapshots.inner = snapshots
            self._voice.offer_snapshots(snapshots.ask)
            return
        self.snapshots.inner = None
        self._voice.offer_snapshots(None)
        # The broker would keep the last photo for ever, also one of an earlier start.
        self._outlet.retain(*forget(self._device))

    def _follow_collect(self, new: wanted.Collect) -> None:
        self._collect = new
        self.close()
        if new.folder is not None:
            limits = Limits(
                bytes=new.mib * _MIB,
                below=new.below,
                margin=new.margin,
                every_s=new.every_s,
                flicker_s=new.flicker_s,
            )
            self.collecting.inner = Collecting(Collector(Path(new.folder), limits, self._events))
