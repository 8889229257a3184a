"""What a device's settings say about updates, and what an updater needs of the agent around it."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as time_of_day
from typing import Literal

from sagui.device.cameras.backoff import Backoff
from sagui.device.events import Events
from sagui.device.update.proving import Health, Proving
from sagui.device.update.rules import Window
from sagui.wire import UpdateState

Follow = Literal["plan", "latest"]


@dataclass(frozen=True)
class Policy:
    """What a person chose.

    Attributes:
        groups: Whose plans are followed; of two that ask, the first one.
        follow: ``latest`` takes whatever the registry has that is newer; ``plan`` only says that it is there.
        every_s: How often the registry is asked; 0 never asks by itself.
        pinned: Keeps the model, whatever a plan or an order says.
        window: When plans and the registry may change the model; None is always.
        shadow_frames: Whether, and for how many frames, a model runs beside the one at work first; 0 leaves it out.
        dwell_s: A model must have been well for so long before it is confirmed; one that is not well for so long is
            reverted.
        least_frames: And it must have classified so many frames.
        longest_s: A model that was not confirmed by then is reverted.
        max_starts: The agent may start so often with a model on trial.
        max_tries: And try a staged one so often, if it never comes to an end.
        backoff: How long to wait for a registry, or a disk, that cannot be used now.
    """

    groups: tuple[str, ...] = ("all",)
    follow: Follow = "plan"
    every_s: float = 3600.0
    pinned: bool = False
    window: Window | None = None
    shadow_frames: int = 100
    dwell_s: float = 60.0
    least_frames: int = 10
    longest_s: float = 86_400.0
    max_starts: int = 3
    max_tries: int = 3
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=5.0, most_s=900.0))


def _local_time() -> time_of_day:
    return datetime.now().astimezone().time()


@dataclass(frozen=True)
class Clocks:
    """The times that an updater goes by. Waiting is measured on the monotonic one alone: the others may jump.

    Attributes:
        monotonic: Seconds.
        local: Time of day, for the window.
        unix: Seconds; only said, never used.
        luck: Draws from [0, 1), so that a fleet does not ask all at once.
    """

    monotonic: Callable[[], float] = time.monotonic
    local: Callable[[], time_of_day] = _local_time
    unix: Callable[[], float] = time.time
    luck: Callable[[], float] = random.random


@dataclass(frozen=True)
class Surroundings:
    """The agent, as an updater sees it.

    Attributes:
        proving: Tries a bundle beside the work.
        health: How the work goes.
        say: Publishes a state; may be called by any thread.
        restart: Has the agent end its work cleanly and execute itself again; returns at once.
        events: Told what happens.
        clocks: See `Clocks`.
    """

    proving: Proving
    health: Health
    say: Callable[[UpdateState], None]
    restart: Callable[[], None]
    events: Events
    clocks: Clocks = field(default_factory=Clocks)
