"""Events of the agent, kept for a test to look at."""

from typing import Any


class Said:
    """Takes events where the agent would print them."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.texts: list[str] = []
        self.fields: list[dict[str, Any]] = []

    def say(self, event: str, text: str, **fields: Any) -> None:
        self.texts.append(text)
        self.fields.append(fields)
        # Last: who waits for the event finds the rest.
        self.events.append(event)
