"""How a new model is put to the test on this device: a port. The agent at work is its adapter."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

Told = Callable[[int], None]
"""Told how far it is, in percent."""


class Proving(Protocol):
    """Tries a bundle without putting it to work."""

    def prove(self, bundle: Path) -> None:
        """Has it reproduce its golden frames on this runtime and delegate.

        Raises:
            UpdateError: It does not, or it does not fit this device's settings; for a person, in one line.
        """

    def shadow(self, bundle: Path, told: Told) -> None:
        """Runs it beside the model at work, on the same frames, and compares the two.

        Blocks until there were enough frames.

        Raises:
            UpdateError: It disagrees too much, collapsed to one class, is unsure, or too slow.
            Cancelled: The agent is about to end; the model is neither good nor bad.
        """


class Health(Protocol):
    """How the agent does with a model that was just put to work."""

    def frames(self) -> int:
        """Counts the frames that were classified since the start."""

    def problem(self) -> str | None:
        """Says what is wrong now, for a person; None if nothing is."""
