"""What befalls a live camera, told to whoever wants to know."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Incident:
    """A live camera went, stays away, or came back.

    Attributes:
        kind: ``lost``: no more frames. ``away``: it could not be opened again, for a reason not told yet. ``back``:
            frames again.
        camera: What it is called, without a password.
        reason: Why it went or cannot be opened; empty for ``back``.
        attempts: How often it was tried to open since it went.
        away_s: Time since its last frame.
        retry_s: Time to the next try; None for ``back``.
    """

    kind: Literal["lost", "away", "back"]
    camera: str
    reason: str
    attempts: int
    away_s: float
    retry_s: float | None

    def __str__(self) -> str:
        """One line for a person."""
        if self.retry_s is None:
            tries = "1 try" if self.attempts == 1 else f"{self.attempts} tries"
            return f"camera: {self.camera} is back after {self.away_s:.1f} s and {tries}"
        went = "stopped" if self.kind == "lost" else "is still away"
        return f"camera: {self.camera} {went} ({self.reason}); next try in {self.retry_s:.1f} s"
