"""What is said and heard on one connection. For the link's thread alone."""

from sagui.device.mqtt.connection import Acknowledged, Connection, Deaf, Lost
from sagui.device.mqtt.dialing import Complaints
from sagui.device.mqtt.inbox import Inbox
from sagui.device.mqtt.pending import Pending
from sagui.device.mqtt.presence import Presence
from sagui.device.mqtt.sending import Sender
from sagui.wire import encode, topics

POLL_S = 1.0
"""How often it is looked whether something is due, without news."""

ON_ITS_WAY_POLL_S = 0.01
"""Likewise, while messages are on their way: their acknowledgements wake nobody."""

_HEARD_AT_ONCE = 16


class Conversation:
    """Says what is pending, sends what waits, and hands on what comes."""

    def __init__(
        self,
        device: str,
        pending: Pending,
        inbox: Inbox,
        sender: Sender,
        presence: Presence,
        complaints: Complaints,
    ) -> None:
        """Is ready for connections, one after the other.

        Args:
            device: The name in the topics.
            pending: Word for this thread.
            inbox: Those who hear.
            sender: Of the outbox.
            presence: The device's name.
            complaints: Told of what the broker does not let us hear.
        """
        self._device, self._pending, self._inbox = device, pending, inbox
        self._sender, self._presence, self._complaints = sender, presence, complaints
        self._said_online = False

    def hold(self, connection: Connection, window: int) -> Lost | None:
        """Goes on until the connection is lost, the link is to end, or another agent has the name.

        Args:
            connection: A new one, that is open.
            window: How many messages may be on their way.

        Returns:
            The loss, if that was the end.
        """
        self._said_online = False
        self._sender.begin(window)
        self._presence.connected()
        self._pending.want_all()
        while not self._pending.closing.is_set() and not self._presence.yielded:
            self._speak(connection)
            self._pending.wait(ON_ITS_WAY_POLL_S if self._sender.on_its_way else POLL_S, self._has_news)
            lost = self._heed() or (Lost("what it says is no MQTT") if connection.dead else None)
            if lost:
                return lost
        if not self._presence.yielded:
            self._speak(connection)  # the last words that were left for it
        return None

    def _speak(self, connection: Connection) -> None:
        if self._presence.restate_due():
            self._pending.keep_again()
            self._said_online = False
        wanted, kept = self._pending.take_wanted()
        for topic in wanted:
            self._listen(connection, topic)
        for message in kept:
            connection.publish(message.topic, message.payload, qos=message.qos, retain=True)
        if self._online_is_new() or self._presence.online_due():
            self._said_online = True
            self._presence.said_online()
            connection.say_online()
        if self._presence.claim_due():
            connection.publish(topics.claim(self._device), encode(self._presence.claim()))
        self._sender.send(connection)

    def _listen(self, connection: Connection, topic: str) -> None:
        try:
            connection.subscribe(topic)
        except ValueError as error:
            self._complaints.say("deaf", f"{topic!r} cannot be listened to: {error}")

    def _heed(self) -> Lost | None:
        """Takes the word that paho left; gives the end of the connection, if it came."""
        happenings, heard = self._pending.take_heard(_HEARD_AT_ONCE)
        for happening in happenings:
            if isinstance(happening, Lost):
                return happening
            if isinstance(happening, Acknowledged):
                self._let_go(happening)
            elif isinstance(happening, Deaf):
                self._complaints.say("deaf", f"the broker does not let us listen to all we would: {happening.reason}")
        for message in heard:
            self._inbox.hand_on(message)
        self._inbox.complain()
        return None

    def _let_go(self, happening: Acknowledged) -> None:
        if happening.failure and not self._sender.knows(happening.mid):
            text = f"the broker does not let us publish all we would beside results: {happening.failure}"
            self._complaints.say("mute", f"{text}; see its access list (docs/mqtt.md)")
        self._sender.acknowledge(happening.mid, happening.failure)

    def _online_is_new(self) -> bool:
        return self._pending.is_ready and not self._said_online

    def _has_news(self) -> bool:
        return self._online_is_new() or self._pending.has_news(full=self._sender.full)
