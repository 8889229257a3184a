"""What the device is asked to do."""

from typing import Annotated, Literal

import msgspec

CommandName = Literal["snapshot", "restart", "report"]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, once.

    Attributes:
        command: ``snapshot`` says the present photo, ``restart`` ends the agent for its service manager to start
            again, ``report`` says telemetry and health now.
        id: The asker's own, for its log and ours.
    """

    v: Literal[1] = 1
    command: CommandName
    id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
