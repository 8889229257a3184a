"""The real agent, `sagui run`, in a process of its own."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sagui.deploy.demo.child import Child


@dataclass(frozen=True)
class Role:
    """What an agent is to do.

    Attributes:
        device: The name in the topics.
        camera: A folder of photos.
        fps: Frames a second.
        options: More options of `sagui run`.
        settings: More settings, as variables of the environment.
    """

    device: str
    camera: Path
    fps: float
    options: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


class AgentProcess(Child):
    """Starts the agent and hears what it says about itself."""

    def __init__(self, bundle: Path, broker: str, role: Role, on_event: Callable[[str], None]) -> None:
        """Starts it.

        Args:
            bundle: The model.
            broker: The address.
            role: What it is to do.
            on_event: Told each line for a person.
        """
        self.events: dict[str, dict[str, Any]] = {}
        self._on_event = on_event
        options = ["--camera", f"folder:{role.camera}", "--loop", "--fps", str(role.fps)]
        options += ["--broker", broker, "--device", role.device, "--json"]
        # A demonstration leaves nothing behind in a person's home.
        options += ["--outbox", "memory"]
        super().__init__("the agent", ["run", str(bundle), *options, *role.options], self._take, role.settings)

    def _take(self, line: str) -> None:
        event = json.loads(line)
        self.events[event["event"]] = event
        self._on_event(event["text"])
