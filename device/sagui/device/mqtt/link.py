"""The device's place on a broker: it connects in the background and keeps trying, and sends what waits.

It goes down from MQTT 5 to 3.1.1 by itself when the broker asks for it.

One thread does all the talking. paho's threads and the agent's only leave word for it, under a lock that is held for
moments and never while paho is called: paho holds locks of its own while it tells us of an acknowledgement, and takes
them in `publish`.
"""

import threading
from collections.abc import Callable
from random import Random, SystemRandom
from time import monotonic, sleep

from sagui.device.events import Events
from sagui.device.mqtt.address import Address
from sagui.device.mqtt.connection import Connection, Opened
from sagui.device.mqtt.conversation import Conversation
from sagui.device.mqtt.dialing import Complaints, Dialer, Protocol
from sagui.device.mqtt.inbox import Handler, Inbox
from sagui.device.mqtt.pending import Kept, Pending
from sagui.device.mqtt.presence import Presence, new_boot
from sagui.device.mqtt.sending import Sender
from sagui.device.outbox import MemoryOutbox, Outbox
from sagui.wire import topics

__all__ = ["Handler", "Link", "Protocol", "pause_s"]

_RETRY_MIN_S, _RETRY_MAX_S = 1.0, 30.0
_DRAIN_STEP_S = 0.02
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
    """Publishes what the device sees, in order, at least once, and hears what is said to it."""

    def __init__(
        self,
        address: Address,
        device: str,
        events: Events,
        protocol: Protocol = "auto",
        outbox: Outbox | None = None,
        *,
        boot: str | None = None,
        on_yield: Callable[[str], None] | None = None,
    ) -> None:
        """Prepares the connection; `open` makes it.

        Args:
            address: The broker.
            device: The name in the topics.
            events: Told of what happens to the connection.
            protocol: ``auto`` tries MQTT 5 first.
            outbox: Where messages wait; closed with the link. By default in memory.
            boot: The agent's start, as in the ids of its results; by default a new one.
            on_yield: Called by the link's thread, when it has left the name to another agent, with the reason.
        """
        self._address, self._device, self._events = address, device, events
        self._on_yield = on_yield
        self.boot = boot or new_boot()
        self.outbox = outbox or MemoryOutbox(events)
        self.refused = 0
        self.yielded: str | None = None
        """Why another agent has the name, and nothing is published any more."""
        self.reconnections = 0
        """How often a connection was made after the first."""
        self._random = SystemRandom()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._connected = self._was_connected = self._told_refused = False
        self._inbox = Inbox(events)
        self._pending = Pending(self._inbox)
        self.outbox.when_ready(self._pending.nudge)
        self._complaints = Complaints(events, self._pending.closing.is_set)
        self._dialer = Dialer(address, protocol, self._complaints)
        self._presence = Presence(device, self.boot)
        sender = Sender(self.outbox, self._refuse)
        parts = (self._pending, self._inbox, sender, self._presence, self._complaints)
        self._conversation = Conversation(device, *parts)
        self.subscribe(topics.claim(device), self._hear_claim)
        self.subscribe(topics.availability(device), self._presence.hear_availability)

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

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._connected

    @property
    def oversized(self) -> int:
        """Messages to us that were too large (64 KiB), and were dropped."""
        return self._inbox.oversized

    @property
    def overflowed(self) -> int:
        """Messages to us that came quicker than they were heard, and were dropped."""
        return self._inbox.overflowed

    @property
    def failed_handlers(self) -> int:
        """Messages to us that a handler failed on."""
        return self._inbox.failed

    @property
    def ignored_claims(self) -> int:
        """Claims on our name that made no sense."""
        return self._presence.ignored

    def open(self) -> None:
        """Starts connecting, in the background."""
        self._thread.start()

    def ready(self) -> None:
        """Says ``online``, now and after every reconnection: the device is about to publish."""
        self._pending.ready()

    def publish(self, topic: str, payload: bytes) -> None:
        """Sends a message once (QoS 1), now or when the broker is there."""
        self.outbox.append(topic, payload)

    def retain(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Sends a message that the broker keeps; said again after every reconnection, because brokers forget.

        Args:
            topic: One that is overtaken on its topic before it was sent is left out.
            payload: Its content.
            qos: 0, or 1.
        """
        self._pending.keep(Kept(topic, payload, qos))

    def repeat(self) -> None:
        """Sends all that the broker keeps again, for a subscriber that has just begun."""
        self._pending.keep_again()

    def subscribe(self, topic: str, handler: Handler) -> None:
        """Listens to a topic (QoS 1), now and after every reconnection.

        Args:
            topic: May have wildcards.
            handler: Called by the link's thread, so that it must be quick; what it raises is counted, and said once.
        """
        self._pending.subscribe(topic, handler)

    def drain(self, timeout_s: float) -> bool:
        """Waits until the broker has acknowledged every message sent once.

        Returns:
            Whether it did; not, if any was dropped, or the name was left to another agent.
        """
        until = monotonic() + timeout_s
        while self.waiting:
            remaining = until - monotonic()
            if remaining <= 0 or self.yielded:
                return False
            sleep(min(_DRAIN_STEP_S, remaining))
        return self.dropped == 0

    def close(self) -> None:
        """Says goodbye, if the broker is there, disconnects, and closes the outbox."""
        self._pending.close()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
        self.outbox.close()

    # What follows is done by the link's thread alone.

    def _run(self) -> None:
        attempt = 0
        while not self._pending.closing.is_set():
            version, tell = self._dialer.version, self._pending.tell
            connection = Connection(self._address, self._device, version, tell, self.boot)
            self._pending.follow(connection)
            opened = self._dialer.dial(connection, self._pending.answer)
            if isinstance(opened, Opened):
                attempt = 0
                self._serve(connection, opened)
            if self._presence.yielded:
                self._yield(connection, self._presence.yielded)
                return
            if self._pending.closing.is_set() and isinstance(opened, Opened):
                connection.leave()
                return
            connection.drop()
            if opened != "fallback":
                self._pending.wait(pause_s(attempt, self._random))
                attempt += 1

    def _serve(self, connection: Connection, opened: Opened) -> None:
        spoken = self._dialer.spoken
        self._events.say("connected", f"connected to {self._address} (MQTT {spoken})", protocol=spoken)
        self.reconnections += self._was_connected
        self._connected = self._was_connected = True
        try:
            lost = self._conversation.hold(connection, opened.window)
        finally:
            self._connected = False
        if lost:
            self._complaints.say("away", f"the connection to {self._address} is lost ({lost.reason}); reconnecting")

    def _hear_claim(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (as `Handler`)
        known = self._presence.ignored
        self._presence.hear_claim(topic, payload, retained)
        if not known and self._presence.ignored:
            text = f"a claim on {self._device} that makes no sense is ignored (said once; more are counted)"
            self._events.say("claim-ignored", text)

    def _yield(self, connection: Connection, why: str) -> None:
        connection.leave(silently=True)
        self.yielded = why
        self._events.say("second-agent", why)
        if self._on_yield:
            self._on_yield(why)

    def _refuse(self, why: str) -> None:
        self.refused += 1
        if not self._told_refused:
            self._told_refused = True
            self._events.say("result-refused", f"{self._address} does not take a result: {why}; it is given up")
