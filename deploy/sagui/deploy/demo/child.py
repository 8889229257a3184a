"""A command of ours in a process of its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from sagui.deploy.demo.errors import DemoError

_STOP_SECONDS = 20.0
_NOTHING: Mapping[str, str] = {}


class Child:
    """Starts it, hears it line by line, and sees that it ends.

    Attributes:
        name: For messages, as in ``the agent``.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        on_line: Callable[[str], None],
        environment: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Starts it.

        Args:
            name: For messages, as in ``the agent``.
            arguments: Of ``sagui``.
            on_line: Told each line of its standard output, by a thread of its own.
            environment: On top of ours.
        """
        self.name = name
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "sagui.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
            start_new_session=True,  # Ctrl-C is for us; it is stopped when we are ready
        )
        self._errors = ""
        self._readers = [
            threading.Thread(target=self._read_lines, args=(on_line,), daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def ask_to_end(self) -> None:
        """As a service manager does; returns at once."""
        self._process.terminate()

    def stop(self) -> None:
        """Asks it to end, and waits.

        Raises:
            DemoError: It had failed, or does not end.
        """
        self.ask_to_end()
        self.join()

    def join(self) -> None:
        """Waits until it has ended as it was asked to.

        Raises:
            DemoError: It had failed, or does not end.
        """
        try:
            status = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise DemoError(f"{self.name} did not end within {_STOP_SECONDS:g} s of being asked to") from error
        for reader in self._readers:
            reader.join(_STOP_SECONDS)
        # One that is still loading ends by the signal itself.
        if status not in {0, -signal.SIGTERM}:
            raise DemoError(f"{self.name} failed with status {status}: {' '.join(self._errors.split())}")

    def kill(self) -> None:
        """Makes sure that nothing is left of it."""
        if self.alive():
            self._process.kill()
            self._process.wait()

    def _read_lines(self, on_line: Callable[[str], None]) -> None:
        for line in self._process.stdout or ():
            on_line(line)

    def _read_errors(self) -> None:
        for line in self._process.stderr or ():
            self._errors += line
