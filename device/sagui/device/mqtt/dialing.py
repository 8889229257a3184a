"""How a connection is begun: which version of MQTT, and what is said when it fails. For the link's thread alone."""

import ssl
from collections.abc import Callable
from typing import Literal

from paho.mqtt.enums import MQTTProtocolVersion

from sagui.device.errors import BrokerError
from sagui.device.events import Events
from sagui.device.mqtt.address import Address
from sagui.device.mqtt.connection import Connection, Happening, Lost, Opened, Refused
from sagui.device.mqtt.tls import explain_refusal, find_alert

Protocol = Literal["auto", "5", "3.1.1"]

ANSWER_S = 2.0
"""How long a broker may take to answer MQTT 5, while it may be one that cannot."""

_PATIENT_ANSWER_S = 10.0


class Complaints:
    """Says each kind of trouble once, until it is over."""

    def __init__(self, events: Events, hushed: Callable[[], bool]) -> None:
        """Begins with nothing said.

        Args:
            events: Told of the trouble.
            hushed: Whether nobody cares any more.
        """
        self._events, self._hushed = events, hushed
        self._told: set[str] = set()

    def say(self, event: str, text: str) -> None:
        """Says it, unless its like was said."""
        if event not in self._told and not self._hushed():
            self._told.add(event)
            self._events.say(event, text)

    def over(self) -> None:
        """The trouble is over; the next is said again."""
        self._told.clear()


class Dialer:
    """Connects, in the version of MQTT that the broker speaks."""

    def __init__(self, address: Address, protocol: Protocol, complaints: Complaints) -> None:
        """Begins with MQTT 5, or with what is asked for.

        Args:
            address: The broker.
            protocol: ``auto`` tries MQTT 5 first.
            complaints: Told why there is no connection.
        """
        self._address, self._complaints = address, complaints
        self.version = MQTTProtocolVersion.MQTTv311 if protocol == "3.1.1" else MQTTProtocolVersion.MQTTv5
        self._may_fall_back = protocol == "auto"
        # A broker that was starting, or hung, may speak MQTT 5 for all its silence.
        self._may_rise_again = False

    @property
    def spoken(self) -> str:
        """The version of MQTT as people write it."""
        return "5" if self.version == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    def dial(
        self, connection: Connection, wait: Callable[[float], Happening | None]
    ) -> Opened | Literal["fallback"] | None:
        """Opens a connection that was made with `version`.

        Args:
            connection: Not open yet.
            wait: Waits so many seconds at most for what happens to the connection.

        Returns:
            ``fallback`` where another version is to be tried at once, and None where it failed, and why was said.
        """
        try:
            connection.open()
        except (BrokerError, OSError, ValueError) as error:
            self._complaints.say(*explain_failure(error, self._address))
            self._rise_again()
            return None
        answer = wait(ANSWER_S if self._may_fall_back else _PATIENT_ANSWER_S)
        if isinstance(answer, Opened):
            self._may_fall_back = self._may_rise_again = False
            self._complaints.over()
            return answer
        if self._may_fall_back and (why := _no_mqtt_5(answer)):
            self._fall_back(why, answer)
            return "fallback"
        self._explain(answer)
        if isinstance(answer, Refused):
            # It understood, and does not want us.
            self._may_fall_back = self._may_rise_again = False
        self._rise_again()
        return None

    def _fall_back(self, why: str, answer: Happening | None) -> None:
        self._may_fall_back = False
        self._may_rise_again = not isinstance(answer, Refused)
        self.version = MQTTProtocolVersion.MQTTv311
        self._complaints.say("fallback", f"{self._address} {why}: going on with MQTT 3.1.1")

    def _rise_again(self) -> None:
        if self._may_rise_again:
            self._may_rise_again, self._may_fall_back = False, True
            self.version = MQTTProtocolVersion.MQTTv5

    def _explain(self, answer: Happening | None) -> None:
        if isinstance(answer, Refused):
            why = f"{answer.reason} (more: sagui doctor --broker {self._address})"
            text = f"{self._address} refuses the connection: {why}; trying again"
            self._complaints.say("refused", text)
        elif isinstance(answer, Lost) and answer.alert:
            self._complaints.say("refused", _alerted(self._address, answer.alert))
        elif isinstance(answer, Lost) and self._address.tls:
            text = f"{self._address} hangs up on us; it may want a certificate of ours; trying again"
            self._complaints.say("away", text)
        else:
            why = f"(why: sagui doctor --broker {self._address})"
            self._complaints.say("away", f"{self._address} does not answer; trying again until it does {why}")


def explain_failure(error: BrokerError | OSError | ValueError, address: Address) -> tuple[str, str]:
    """Tells why a connection could not be opened: the event, and a line for a person."""
    if isinstance(error, BrokerError):
        return "untrusted", f"{error}; trying again"
    if isinstance(error, ssl.SSLCertVerificationError):
        why, mend = explain_refusal(error, address.host)
        return "untrusted", f"{address} is not trusted: {why} ({mend}); trying again"
    if isinstance(error, ssl.SSLError):
        if alert := find_alert(str(error)):
            return "refused", _alerted(address, alert)
        return "untrusted", f"{address} does not answer in TLS: {error.reason or error}; trying again"
    if address.tls and isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return "untrusted", f"{address} hangs up as TLS begins: is it the port of its TLS listener? trying again"
    return "away", f"{address} is away; trying again until it is there (why: sagui doctor --broker {address})"


def _alerted(address: Address, alert: str) -> str:
    return f"{address} refuses our certificate, or that there is none: {alert}; trying again"


def _no_mqtt_5(answer: Happening | None) -> str | None:
    """Why a broker seems not to know MQTT 5, if it does."""
    if answer is None:
        return "does not answer MQTT 5"
    if isinstance(answer, Refused):
        return "does not speak MQTT 5" if answer.unsupported else None
    if isinstance(answer, Lost) and answer.alert:
        return None
    return "hangs up on MQTT 5"
