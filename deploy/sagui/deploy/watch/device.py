"""One device, as its messages tell it."""

from math import inf

from sagui.deploy.watch.history import BUCKET_S, BUCKETS, Scores
from sagui.deploy.watch.limits import Limits
from sagui.deploy.watch.period import Period
from sagui.deploy.watch.rate import Rate
from sagui.deploy.watch.reading import (
    bearable_health,
    bearable_model,
    bearable_telemetry,
    bearable_update,
    moment_s,
    read,
)
from sagui.deploy.watch.row import Row, Stream
from sagui.wire import Health, Result, State, Telemetry, UpdateState, WireError, topics

_SHOWN = 60
"""So much of a payload that is not understood is told."""


class Device:
    """Takes a device's messages; `row` gives what they come to."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        self._rate, self._period = Rate(limits), Period(limits)
        self._online: bool | None = None
        self._came_s: float | None = None
        self._streams: dict[str | None, Stream] = {}
        self._stated: set[str | None] = set()
        self._scores: dict[str | None, Scores] = {}
        self._telemetry: Telemetry | None = None
        self._health: Health | None = None
        self._update: UpdateState | None = None
        self._taken_s = 0.0
        self._heard_s: float | None = None
        self._skew_s: float | None = None
        self._unreadable, self._unreadable_why, self._unreadable_s = 0, "", -inf
        self._garbled: set[str] = set()
        self._row: Row | None = None

    @property
    def row(self) -> Row:
        """What is known now."""
        if self._row is None:
            self._row = self._make_row()
        return self._row

    @property
    def empty(self) -> bool:
        """Whether nothing is left that the broker keeps of it."""
        kept = (self._online, self._telemetry, self._health, self._update)
        return not self._stated and all(one is None for one in kept)

    def take(self, kind: str, stream: str | None, payload: bytes, received_s: float, *, retained: bool) -> None:
        """Takes a message.

        Args:
            kind: The topic below the device, without the stream.
            stream: Of ``state/STREAM``.
            payload: As it came.
            received_s: When; Unix time.
            retained: Whether the broker had kept it.
        """
        self._row = None
        self._taken_s = received_s
        if not retained and payload != topics.OFFLINE:  # which may be the broker's word: the last will
            self._heard_s = received_s
        is_read = self._rate.note(received_s)
        if not payload and kind != "result":
            self._forget(kind, stream)  # in a flood, too: it is not said again
            return
        if not is_read:
            return
        try:
            self._read(kind, stream, payload, received_s, retained=retained)
        except WireError as error:
            self._unreadable += 1
            self._unreadable_why = f"{kind}: {error}"[: self._limits.text]
            self._unreadable_s = received_s
            self._garbled.add(kind)
        else:
            self._garbled.discard(kind)

    def scores(self, stream: str | None, now_s: float) -> tuple[float | None, ...]:
        """The mean score of each minute of the last hour, oldest first; see `Scores.means`."""
        scores = self._scores.get(stream)
        return scores.means(now_s) if scores else (None,) * BUCKETS

    def _read(self, kind: str, stream: str | None, payload: bytes, received_s: float, *, retained: bool) -> None:
        most_bytes = self._limits.payload_bytes[kind]
        match kind:
            case "availability":
                was, self._online = self._online, _online(payload)
                self._came_s = received_s if was is False and self._online else self._came_s
            case "result":
                self._see(read(payload, Result, most_bytes), received_s)
            case "state":
                self._stand(read(payload, State, most_bytes), stream)
            case "telemetry":
                self._measure(read(payload, Telemetry, most_bytes), received_s, retained=retained)
            case "health":
                health = read(payload, Health, most_bytes)
                moment_s(health.time)
                self._health = bearable_health(health, self._limits)
            case _:
                update = read(payload, UpdateState, most_bytes)
                moment_s(update.time)
                self._update = bearable_update(update, self._limits)

    def _see(self, result: Result, received_s: float) -> None:
        name, at_s = result.stream, moment_s(result.time)
        self._remember(name, result.score, at_s, received_s)
        known = self._streams.get(name)
        if known is None or name not in self._stated:
            label = result.label[: self._limits.text]
            if known is None or known.label != label:
                model = bearable_model(result.model, self._limits)
                known = Stream(name, label, result.score, result.time, at_s, model)
        elif known.label != result.label[: self._limits.text] or at_s < known.since_s:
            return  # one frame is no state, and what waited on the device may be older than it
        self._streams[name] = Stream(
            name, known.label, result.score, known.since, known.since_s, known.model, known.region
        )

    def _stand(self, state: State, name: str | None) -> None:
        if state.stream != name:
            raise WireError(f"is of the stream {str(state.stream)[:_SHOWN]!r} and not of its topic's")
        label, since_s = state.label[: self._limits.text], moment_s(state.since)
        self._room_for(name)
        known, score = self._streams.get(name), state.score
        if known and (known.label, known.since) == (label, state.since):
            score = known.score  # said again after a reconnection; results know better
        model = bearable_model(state.model, self._limits)
        self._streams[name] = Stream(name, label, score, state.since, since_s, model, state.region)
        self._stated.add(name)

    def _measure(self, telemetry: Telemetry, received_s: float, *, retained: bool) -> None:
        said_s = moment_s(telemetry.time)
        repeated = self._telemetry is not None and self._telemetry.time == telemetry.time
        if not retained and not repeated:
            self._skew_s = said_s - received_s
            self._period.note(received_s)
        self._telemetry = bearable_telemetry(telemetry, self._limits)

    def _remember(self, name: str | None, score: float, at_s: float, received_s: float) -> None:
        self._room_for(name)
        # Our clock decides; but what waited on the device belongs where it was seen.
        seen_s = at_s - (self._skew_s or 0.0)
        if received_s - seen_s < BUCKET_S:
            seen_s = received_s
        scores = self._scores.get(name)
        if scores is None:
            scores = self._scores[name] = Scores()
        scores.add(score, seen_s)

    def _room_for(self, name: str | None) -> None:
        if name in self._streams or name in self._scores:
            return
        if len(self._streams.keys() | self._scores.keys()) >= self._limits.streams:
            raise WireError(f"more than {self._limits.streams} streams")

    def _forget(self, kind: str, stream: str | None) -> None:
        self._garbled.discard(kind)
        match kind:
            case "availability":
                self._online = None
            case "state":
                self._streams.pop(stream, None)
                self._scores.pop(stream, None)
                self._stated.discard(stream)
            case "telemetry":
                self._telemetry = None
            case "health":
                self._health = None
            case _:
                self._update = None

    def _make_row(self) -> Row:
        streams = sorted(self._streams.values(), key=lambda stream: stream.name or "")
        return Row(
            device=self._name,
            online=self._online,
            streams=tuple(streams),
            telemetry=self._telemetry,
            health=self._health,
            update=self._update,
            taken_s=self._taken_s,
            heard_s=self._heard_s,
            quiet_s=self._period.quiet_s if self._telemetry is not None else inf,
            skew_s=self._skew_s,
            unreadable=self._unreadable,
            unreadable_why=self._unreadable_why,
            unreadable_s=self._unreadable_s,
            garbled=tuple(sorted(self._garbled)),
            left_out=self._rate.left_out,
            flood_until_s=self._rate.flood_until_s,
            flood_per_s=self._rate.flood_per_s,
            came_s=self._came_s,
        )


def _online(payload: bytes) -> bool:
    if payload not in {topics.ONLINE, topics.OFFLINE}:
        raise WireError(f"neither online nor offline: {payload[:_SHOWN]!r}")
    return payload == topics.ONLINE
