"""The real agent, `sagui run`, in a process of its own."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sagui.deploy.demo.errors import DemoError

_STOP_SECONDS = 20.0


class AgentProcess:
    """Starts the agent and hears what it says about itself."""

    def __init__(
        self, bundle: Path, camera: Path, broker: str, device: str, fps: float, on_event: Callable[[str], None]
    ) -> None:
        """Starts it.

        Args:
            bundle: The model.
            camera: A folder of photos.
            broker: The address.
            device: The name in the topics.
            fps: Frames a second.
            on_event: Told each line for a person.
        """
        options = ["--camera", f"folder:{camera}", "--broker", broker, "--device", device, "--fps", str(fps)]
        # A demonstration leaves nothing behind in a person's home.
        options += ["--outbox", "memory"]
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "sagui.cli", "run", str(bundle), *options, "--loop", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us; the agent is stopped when we are ready
        )
        self.events: dict[str, dict[str, Any]] = {}
        self._errors = ""
        self._readers = [
            threading.Thread(target=self._read_events, args=(on_event,), daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ends it as a service manager does, and waits.

        Raises:
            DemoError: It had failed, or does not end.
        """
        self._process.terminate()
        try:
            status = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise DemoError(f"the agent did not end within {_STOP_SECONDS:g} s of being asked to") from error
        for reader in self._readers:
            reader.join(_STOP_SECONDS)
        if status != 0:
            raise DemoError(f"the agent failed with status {status}: {' '.join(self._errors.split())}")

    def kill(self) -> None:
        """Makes sure that nothing is left of it."""
        if self.alive():
            self._process.kill()
            self._process.wait()

    def _read_events(self, on_event: Callable[[str], None]) -> None:
        for line in self._process.stdout or ():
            event = json.loads(line)
            self.events[event["event"]] = event
            on_event(event["text"])

    def _read_errors(self) -> None:
        for line in self._process.stderr or ():
            self._errors += line
