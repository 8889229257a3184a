"""Why the broker is of no use just now."""

from dataclasses import dataclass
from typing import Literal

from sagui.deploy.dashboard.texts import Say, reason, speak
from sagui.deploy.rollout.address import PASSWORD, USER, remedy

Kind = Literal["awaited", "missing", "lost", "refused", "deaf", "silent"]


@dataclass(frozen=True)
class Absence:
    """Why there is no connection that is of use.

    Attributes:
        kind: It has not answered yet, does not answer, has gone, does not want us,
            does not let us read, or does not say that it took what we said.
        broker: Its address, for a person.
        why: As paho, MQTT or the system calls it.
    """

    kind: Kind
    broker: str
    why: str = ""

    @property
    def refused(self) -> bool:
        """Whether it does not want us: to wait does not help."""
        return self.kind in {"refused", "deaf"}

    def told(self, say: Say) -> str:
        """Says so, and what to do about it.

        >>> Absence("missing", "mqtt://hut:1883", "Connection refused").told(speak("pt"))
        'mqtt://hut:1883 não está lá: conexão recusada'
        """
        text = say(f"absence_{self.kind}", broker=self.broker, why=reason(self.why, say))
        if self.kind == "refused" and remedy(self.why):
            text += say("absence_remedy", user=USER, password=PASSWORD)
        return text

    def __str__(self) -> str:
        return self.told(speak("en"))
