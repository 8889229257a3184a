"""The device's place on a broker: it connects in the background, keeps trying, and sends what waits in the outbox.

It goes down from MQTT 5 to 3.1.1 by itself when the broker asks for it.

One thread does all the talking. paho's threads and the agent's only leave word for it, under a lock that is held for
moments and never while paho is called: paho holds locks of its own while it tells us of an acknowledgement, and takes
them in `publish`.
"""

import threading
from collections import deque
from collections.abc import Callable
from random import Random, SystemRandom
from time import monotonic, sleep
from typing import Literal

from paho.mqtt.enums import MQTTProtocolVersion

from sagui.device.address import Address
from sagui.device.connection import Acknowledged, Connection, Happening, Lost, Opened, Refused
from sagui.device.events import Events
from sagui.device.outbox import MemoryOutbox, Outbox, Row
from sagui.device.window import Window

Protocol = Literal["auto", "5", "3.1.1"]

ANSWER_S = 2.0
"""How long a broker may take to answer MQTT 5, while it may be one that cannot."""

_PATIENT_ANSWER_S = 10.0
_RETRY_MIN_S, _RETRY_MAX_S = 1.0, 30.0
_POLL_S = 1.0
_DRAIN_STEP_S = 0.02
_PAGE = 200
_CLOSE_S = 10.0


def pause_s(attempt: int, random: Random) -> float:
    """How long to wait before connecting again: full jitter, so that the devices of a house do not all come at once.

    The bound doubles from 1 second to 30. See Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
    2015.

    Args:
        attempt: How many failed before, from 0.
        random: Where chance comes from.
    """
    return random.uniform(0, min(_RETRY_MAX_S, _RETRY_MIN_S * 2 ** min(attempt, 16)))


class Link:
    """Publishes what the device sees, in order, at least once."""

    def __init__(
        self,
        address: Address,
        device: str,
        events: Events,
        protocol: Protocol = "auto",
        outbox: Outbox | None = None,
    ) -> None:
        """Prepares the connection; `open` makes it.

        Args:
            address: The broker.
            device: The name in the topics, and the client id.
            events: Told of what happens to the connection.
            protocol: ``auto`` tries MQTT 5 first.
            outbox: Where messages wait; closed with the link. By default in memory.
        """
        self._address, self._device, self._events = address, device, events
        self.outbox = outbox or MemoryOutbox(events)
        self.outbox.when_ready(self._nudge)
        self.refused = 0
        self._version = MQTTProtocolVersion.MQTTv311 if protocol == "3.1.1" else MQTTProtocolVersion.MQTTv5
        self._may_fall_back = protocol == "auto"
        self._random = SystemRandom()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        # Word left for the thread, under `_news`.
        self._news = threading.Condition()
        self._happenings: deque[Happening] = deque()
        self._connection: Connection | None = None
        self._retained: dict[str, bytes] = {}
        self._to_retain: set[str] = set()
        self._closing = threading.Event()
        self._nudged = self._ready = False
        # The thread's own.
        self._window = Window(0)
        self._page: deque[Row] = deque()
        self._told_away = self._told_refused = self._said_online = False

    @property
    def published(self) -> int:
        """Messages given to `publish`."""
        return self.outbox.counts.appended

    @property
    def acknowledged(self) -> int:
        """Messages that arrived, those of earlier starts included."""
        return self.outbox.counts.acknowledged - self.refused

    @property
    def dropped(self) -> int:
        """Messages that will never arrive: too many waited, or the broker did not want them."""
        return self.outbox.counts.dropped + self.refused

    @property
    def waiting(self) -> int:
        """Messages that are still to arrive, those of earlier starts included."""
        return self.outbox.counts.waiting

    def open(self) -> None:
        """Starts connecting, in the background."""
        self._thread.start()

    def ready(self) -> None:
        """Says ``online``, now and after every reconnection: the device is about to publish."""
        with self._news:
            self._ready = True
            self._news.notify()

    def publish(self, topic: str, payload: bytes) -> None:
        """Sends a message once (QoS 1), now or when the broker is there."""
        self.outbox.append(topic, payload)

    def retain(self, topic: str, payload: bytes) -> None:
        """Sends a message that the broker keeps; said again after every reconnection, because brokers forget."""
        with self._news:
            self._retained[topic] = payload
            self._to_retain.add(topic)
            self._news.notify()

    def drain(self, timeout_s: float) -> bool:
        """Waits until the broker has acknowledged every message sent once.

        Returns:
            Whether it did; not, if any was dropped.
        """
        until = monotonic() + timeout_s
        while self.waiting:
            remaining = until - monotonic()
            if remaining <= 0:
                return False
            sleep(min(_DRAIN_STEP_S, remaining))
        return self.dropped == 0

    def close(self) -> None:
        """Says goodbye, if the broker is there, disconnects, and closes the outbox."""
        with self._news:
            self._closing.set()
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
        self.outbox.close()

    def _nudge(self) -> None:
        with self._news:
            self._nudged = True
            self._news.notify()

    def _tell(self, connection: Connection, happening: Happening) -> None:
        with self._news:
            if connection is self._connection:  # word of an older one is of no use
                self._happenings.append(happening)
                self._news.notify()

    # What follows is done by the link's thread alone.

    def _run(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            connection = Connection(self._address, self._device, self._version, self._tell)
            with self._news:
                self._connection = connection
                self._happenings.clear()
            opened = self._connect(connection)
            if isinstance(opened, Opened):
                attempt = 0
                self._serve(connection, opened)
            if self._closing.is_set():
                if isinstance(opened, Opened):
                    connection.leave()
                return
            connection.drop()
            if opened != "fallback":
                self._wait(pause_s(attempt, self._random), lambda: False)
                attempt += 1

    def _connect(self, connection: Connection) -> Opened | Literal["fallback"] | None:
        try:
            connection.open()
        except (OSError, ValueError):
            self._say_away(f"{self._address} is away; trying again until it is there")
            return None
        answer = self._answer(ANSWER_S if self._may_fall_back else _PATIENT_ANSWER_S)
        if isinstance(answer, Opened):
            self._may_fall_back = False
            return answer
        if self._may_fall_back and not self._closing.is_set() and (why := _no_mqtt_5(answer)):
            self._fall_back(why)
            return "fallback"
        if isinstance(answer, Refused):
            self._may_fall_back = False  # it understood MQTT 5, and does not want us
            self._say_away(f"{self._address} refuses the connection: {answer.reason}; trying again", "refused")
        else:
            self._say_away(f"{self._address} does not answer; trying again until it does")
        return None

    def _answer(self, timeout_s: float) -> Happening | None:
        self._wait(timeout_s, lambda: bool(self._happenings))
        with self._news:
            return self._happenings.popleft() if self._happenings else None

    def _fall_back(self, why: str) -> None:
        self._may_fall_back = False
        self._version = MQTTProtocolVersion.MQTTv311
        self._events.say("fallback", f"{self._address} {why}: going on with MQTT 3.1.1")

    def _serve(self, connection: Connection, opened: Opened) -> None:
        """Sends what waits, until the connection is lost or the link is closed."""
        version = "5" if self._version == MQTTProtocolVersion.MQTTv5 else "3.1.1"
        self._events.say("connected", f"connected to {self._address} (MQTT {version})", protocol=version)
        self._told_away = self._said_online = False
        self._window = Window(opened.window)
        self._page.clear()
        self.outbox.rewind()
        with self._news:
            self._to_retain = set(self._retained)
        while not self._closing.is_set():
            self._speak(connection)
            self._wait(_POLL_S, self._has_news)
            lost = self._heed() or (Lost("what it says is no MQTT") if connection.dead else None)
            if lost and not self._closing.is_set():
                self._say_away(f"the connection to {self._address} is lost ({lost.reason}); reconnecting")
            if lost:
                return

    def _speak(self, connection: Connection) -> None:
        with self._news:
            self._nudged = False
            retained = [(topic, self._retained[topic]) for topic in self._retained if topic in self._to_retain]
            self._to_retain.clear()
            online = self._ready and not self._said_online
        for topic, payload in retained:
            connection.publish(topic, payload, retain=True)
        if online:
            self._said_online = True
            connection.say_online()
        while not self._window.full and (row := self._next()):
            try:
                self._window.send(connection.publish(row.topic, row.payload), row.seq)
            except ValueError as error:
                self._refuse(str(error))
                # Nothing was sent: it is acknowledged in its turn, under a number that no message has.
                self._window.send(-row.seq, row.seq)
                self._let_go(-row.seq)

    def _next(self) -> Row | None:
        if not self._page:
            self._page.extend(self.outbox.take(_PAGE))
        return self._page.popleft() if self._page else None

    def _heed(self) -> Lost | None:
        """Takes the word that paho left; gives the end of the connection, if it came."""
        with self._news:
            happenings = list(self._happenings)
            self._happenings.clear()
        for happening in happenings:
            if isinstance(happening, Lost):
                return happening
            if isinstance(happening, Acknowledged):
                self._let_go(happening.mid, happening.failure)
        return None

    def _let_go(self, mid: int, failure: str | None = None) -> None:
        if failure is not None and mid in self._window:
            self._refuse(failure)
        for seq in self._window.acknowledge(mid):
            self.outbox.acknowledge(seq)

    def _refuse(self, why: str) -> None:
        self.refused += 1
        if not self._told_refused:
            self._told_refused = True
            self._events.say("result-refused", f"{self._address} does not take a result: {why}; it is given up")

    def _has_news(self) -> bool:
        # What is nudged about cannot be sent while the window is full.
        return bool(
            self._happenings
            or self._to_retain
            or (self._nudged and not self._window.full)
            or (self._ready and not self._said_online)
        )

    def _wait(self, timeout_s: float, news: Callable[[], bool]) -> None:
        with self._news:
            self._news.wait_for(lambda: self._closing.is_set() or news(), timeout_s)

    def _say_away(self, text: str, event: str = "away") -> None:
        if not self._told_away and not self._closing.is_set():
            self._told_away = True
            self._events.say(event, text)


def _no_mqtt_5(answer: Happening | None) -> str | None:
    """Why a broker seems not to know MQTT 5, if it does."""
    if answer is None:
        return "does not answer MQTT 5"
    if isinstance(answer, Refused):
        return "does not speak MQTT 5" if answer.unsupported else None
    return "hangs up on MQTT 5"
