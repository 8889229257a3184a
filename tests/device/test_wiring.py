"""Every setting reaches a part of the agent: none is read and forgotten."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.device.said import Said
from tests.device.sightings import make_stream
from tests.device.test_start import Link, Notes, Notifier

from sagui.device import extras, plan, start, voice
from sagui.device.cameras import open_camera
from sagui.device.collect.rules import Limits as CollectLimits
from sagui.device.config.keys import keys
from sagui.device.config.merge import merge
from sagui.device.config.streams import StreamPlan
from sagui.device.ending import Ending
from sagui.device.mqtt.address import Address
from sagui.device.mqtt.tls import Files
from sagui.device.outbox import Limits as OutboxLimits
from sagui.device.reload import Origin
from sagui.device.start import Station
from sagui.device.telemetry import prometheus
from sagui.device.telemetry.prometheus import Endpoint
from sagui.device.update import plan as update_plan
from sagui.device.update import station as update_station
from sagui.device.update.rules import Window
from sagui.device.update.station import Updates
from sagui.infer.runtimes.device import Device

REGISTRY = {"update.registry": "file:///registry", "update.root": "root.json"}

# For each key, a value that is not its default, and other settings without which it would mean nothing.
OTHERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "device": ("gate", {}),
    "model": ("other.sagui", {}),
    "labels": ("labels.txt", {}),
    "threads": (3, {}),
    "delegate": ("edgetpu:1", {}),
    "camera.spec": ("synthetic?frames=1", {}),
    "camera.loop": (True, {}),
    "camera.fps": (500.0, {}),
    "camera.patient": (True, {}),
    "broker.url": ("mqtt://other", {}),
    "broker.mqtt": ("3.1.1", {}),
    "broker.ca": ("ca.crt", {"broker.url": "mqtts://broker"}),
    "broker.certificate": ("my.crt", {"broker.url": "mqtts://broker"}),
    "broker.key": ("my.key", {"broker.url": "mqtts://broker", "broker.certificate": "my.crt"}),
    "broker.user_file": ("user", {}),
    "broker.password_file": ("password", {}),
    "outbox.place": ("memory", {}),
    "outbox.rows": (7, {}),
    "outbox.mib": (7, {}),
    "outbox.days": (7.0, {}),
    "decide.agree": ("2/3", {}),
    "decide.dwell_s": (1.0, {}),
    "decide.hysteresis": (0.1, {}),
    "decide.every_s": (1.0, {}),
    "stream.name": ("door", {}),
    "stream.region": ("0,0,0.5,1", {}),
    "stream.model": ("door.sagui", {}),
    "stream.labels": ("labels.txt", {}),
    "stream.agree": ("2/3", {}),
    "stream.dwell_s": (1.0, {}),
    "stream.hysteresis": (0.1, {}),
    "stream.every_s": (1.0, {}),
    "telemetry.every_s": (5.0, {}),
    "telemetry.prometheus": ("127.0.0.1:9105", {}),
    "health.stuck_seconds": (7.0, {}),
    "health.safe_mode": (False, {}),
    "snapshot.enabled": (True, {}),
    "snapshot.quality": (50, {"snapshot.enabled": True}),
    "snapshot.max_side": (100, {"snapshot.enabled": True}),
    "home_assistant.discovery": (True, {}),
    "home_assistant.prefix": ("ha", {"home_assistant.discovery": True}),
    "collect.folder": ("collected", {}),
    "collect.mib": (7, {"collect.folder": "collected"}),
    "collect.below": (0.1, {"collect.folder": "collected"}),
    "collect.margin": (0.1, {"collect.folder": "collected"}),
    "collect.every_s": (7.0, {"collect.folder": "collected"}),
    "collect.flicker_s": (7.0, {"collect.folder": "collected"}),
    "update.registry": ("file:///other", {"update.root": "root.json"}),
    "update.root": ("other.json", {}),
    "update.groups": (("all", "porch"), {}),
    "update.follow": ("latest", REGISTRY),
    "update.every_s": (7.0, {}),
    "update.pin": (True, {}),
    "update.window": ("22:00-04:00", {}),
    "update.shadow_frames": (7, {}),
    "update.disagree": (0.7, {}),
    "update.dwell_s": (7.0, {}),
}
ELSEWHERE = {"log.format"}
"""Followed by the command itself, before there is a station; see `test_ends`."""

Parts = Callable[..., list[str]]

_PLAIN = (str, int, float, Path, OutboxLimits, Files, CollectLimits, Device, StreamPlan, Endpoint, Window)


class Exporter:
    """Serves nobody."""

    def close(self) -> None:
        """See `prometheus.Exporter.close`."""


@pytest.fixture
def parts(tmp_path: Path, colours: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Runs an agent with such settings, and tells what its parts were made of."""
    made: list[str] = []

    def note(place: Any, name: str, instead: Callable[..., Any] | None = None) -> None:
        real = instead or getattr(place, name)

        def make(*arguments: Any, **named: Any) -> Any:
            told = [one for one in (*arguments, *named.values()) if is_plain(one)]
            made.append(f"{name} {told}")
            return real(*arguments, **named)

        monkeypatch.setattr(place, name, make)

    note(plan, "parse_address", lambda *_, **__: Address("broker", 1))
    note(start, "open_outbox", lambda *_: None)
    note(start, "Link", lambda *_, **__: Link(Notes()))
    note(start, "open_streams", lambda *_: (make_stream(),))
    note(start, "open_camera", lambda *_, **named: open_camera(f"folder:{colours}", **(named | {"loop": False})))
    note(extras, "Collector", lambda *_: None)
    monkeypatch.setattr(extras.Collecting, "saw", lambda *_: None)
    monkeypatch.setattr(extras.Collecting, "close", lambda *_: None)
    note(prometheus, "Exporter", lambda *_: Exporter())
    note(update_plan, "Policy")
    note(update_plan, "Registry")
    note(update_station, "Workplace")
    began = Updates.start

    def begin(updates: Updates, *arguments: Any) -> None:
        began(updates, *arguments)
        if updates._thread:
            updates._thread.join()

    # It makes an updater, and then does nothing with it.
    monkeypatch.setattr(Updates, "_run", lambda _updates, _settings, make: make())
    monkeypatch.setattr(Updates, "start", begin)
    for place, name in ((start, "Stuck"), (start, "History"), (start, "Agent"), (start, "Task"), (start, "Pulse")):
        note(place, name)
    for place, name in ((extras, "SnapshotSettings"), (extras, "Limits"), (voice, "discovery"), (start, "Meter")):
        note(place, name)

    def run(options: dict[str, Any]) -> list[str]:
        made.clear()
        given = {
            "device": "porch",
            "model": "model.sagui",
            "camera.spec": f"folder:{colours}",
            "broker.url": "mqtt://broker",
            "camera.fps": 1000.0,
            **options,
        }
        settings = merge(None, {}, given)
        origin = Origin(tmp_path / "agent.toml", {}, {"STATE_DIRECTORY": str(tmp_path)})
        Station(settings, origin, Notifier(Notes()), Ending(), Said()).run()
        return sorted(made)

    return run


def is_plain(one: object) -> bool:
    """Whether it looks the same in each run; objects with an address do not."""
    if isinstance(one, tuple | list):
        return all(is_plain(inner) for inner in one)
    return one is None or isinstance(one, _PLAIN)


def test_every_key_is_looked_at() -> None:
    assert set(OTHERS) | ELSEWHERE == set(keys())


@pytest.mark.parametrize("path", OTHERS)
def test_a_setting_changes_what_a_part_is_made_of(parts: Parts, path: str) -> None:
    value, besides = OTHERS[path]
    without, given = dict(besides), {**besides, path: value}
    if path == "update.root":
        without, given = REGISTRY, REGISTRY | {path: value}
    if path.startswith("stream."):
        without, given = {"stream": [{}]}, {"stream": [{path.removeprefix("stream."): value}]}
    assert parts(without) == parts(without), "the comparison below would prove nothing"
    assert parts(without) != parts(given)
