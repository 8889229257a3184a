"""`sagui fleet simulate` and `sagui rollout` as processes, beside a real broker."""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

_SAGUI = [sys.executable, "-m", "sagui.cli"]


class Fleet:
    """A simulated fleet; it is stopped at the end of the block."""

    def __init__(self, broker: str, *options: str) -> None:
        self.records: list[dict[str, Any]] = []
        self._news: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        command = [*_SAGUI, "fleet", "simulate", "--broker", broker, "--json", "--every", "0.5", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def until(self, condition: Callable[[dict[str, Any]], bool], timeout_s: float = 60.0) -> dict[str, Any]:
        """Waits for the fleet to be so."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                record = self._news.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the fleet did not come so far: {self.records[-1:]}") from None
            if condition(record):
                return record

    def stop(self) -> None:
        """Ends it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        assert self.process.wait(120) == 0
        self._reader.join(10)

    def _read(self) -> None:
        for line in self.process.stdout or ():
            if line.startswith("{"):
                self.records.append(json.loads(line))
                self._news.put(self.records[-1])


def roll_out(*options: str, timeout_s: float = 280.0) -> subprocess.CompletedProcess[str]:
    """Runs a command of `sagui rollout` to its end."""
    return subprocess.run(
        [*_SAGUI, "rollout", *options], capture_output=True, text=True, timeout=timeout_s, check=False
    )
