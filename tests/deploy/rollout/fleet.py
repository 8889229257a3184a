"""Devices that follow a group's plan by the device's own rules, without a model: what a rollout is tried on."""

import threading
from collections.abc import Callable, Collection
from datetime import time
from time import time as now_s

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from sagui.device.update.rules import Self, answer
from sagui.wire import Desired, Phase, UpdateState, decode, encode, timestamp, topics

GROUP = "porch"
PUBLISH = Callable[[str, bytes], object]


class Fleet:
    """So many devices with pets 1.3.0.

    Attributes:
        installed: Which version each device has.
        touched: Devices that ever began with another.
    """

    def __init__(
        self,
        publish: PUBLISH,
        count: int,
        *,
        bad: Collection[str] = (),
        mute: Collection[str] = (),
        away: Collection[str] = (),
        groups: tuple[str, ...] = (GROUP,),
    ) -> None:
        """Begins with nothing said.

        Args:
            publish: Says what is kept.
            count: How many.
            bad: Versions that do not do.
            mute: Devices that are there and never do anything.
            away: Devices that are not there.
            groups: What they follow.
        """
        self.installed = {f"cam-{number}": "1.3.0" for number in range(count)}
        self.touched: set[str] = set()
        self.plan: Desired | None = None
        self._previous: dict[str, str] = {}
        self._failed: dict[str, set[str]] = {}
        self._publish, self._bad, self._mute, self._away, self._groups = publish, bad, mute, away, groups
        self._lock = threading.RLock()

    def appear(self) -> None:
        """Says what devices say when they start."""
        for device in self.installed:
            self._say(device, "idle")
            payload = topics.OFFLINE if device in self._away else topics.ONLINE
            self._publish(topics.availability(device), payload)

    def hear(self, topic: str, payload: bytes) -> None:
        """Takes a message; a plan is followed at once."""
        if topic != topics.desired(GROUP) or not payload:
            return
        with self._lock:
            self.plan = decode(payload, Desired)
            for device in self.installed:
                if device not in self._mute and device not in self._away:
                    self._follow(device, self.plan)

    def _follow(self, device: str, plan: Desired) -> None:
        version, failed = self.installed[device], frozenset(self._failed.get(device, set()))
        me = Self(device, "pets", version, self._previous.get(device), failed)
        match answer(plan, me, time(12)).verdict:
            case "install":
                self._install(device, plan)
            case "revert":
                self.installed[device] = self._previous.pop(device)
                self._say(device, "reverted", plan.id)

    def _install(self, device: str, plan: Desired) -> None:
        self.touched.add(device)
        self._say(device, "downloading", plan.id)
        if plan.version in self._bad:
            self._failed.setdefault(device, set()).add(plan.version)
            self._say(device, "reverted", plan.id, "6 of 10 photos got another label than before")
            return
        self._previous[device], self.installed[device] = self.installed[device], plan.version
        self._say(device, "activated", plan.id)
        self._say(device, "confirmed", plan.id)

    def _say(self, device: str, phase: Phase, rollout: str | None = None, error: str | None = None) -> None:
        state = UpdateState(
            time=timestamp(now_s()),
            model="pets",
            installed_version=self.installed[device],
            in_progress=phase in {"downloading", "activated"},
            phase=phase,
            error=error,
            rollout=rollout,
            groups=self._groups,
        )
        self._publish(topics.update_state(device), encode(state))


class MqttFleet:
    """A fleet at a real broker, over one connection."""

    def __init__(self, port: int, count: int, **kinds: Collection[str]) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_queued_messages_set(0)
        self.fleet = Fleet(self._keep, count, **kinds)  # type: ignore[arg-type]
        ready = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(topics.desired(GROUP), qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _client, _data, message: self.fleet.hear(message.topic, bytes(message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(10)
        self.fleet.appear()
        self._client.publish("sagui/all-said", b"", qos=1).wait_for_publish(10)

    def keep(self, topic: str, payload: bytes) -> None:
        self._keep(topic, payload).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _keep(self, topic: str, payload: bytes) -> mqtt.MQTTMessageInfo:
        return self._client.publish(topic, payload, qos=1, retain=True)
