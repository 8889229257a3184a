"""What the agent costs beside the network itself."""

import time
from collections import deque
from pathlib import Path

import numpy as np
from tests.bench.rows import Row

from sagui.device.address import Address
from sagui.device.agent import Agent
from sagui.device.cameras import Frame
from sagui.device.link import Link
from sagui.infer.load import load_model

_FRAMES = 600


class MemoryCamera:
    """VGA frames that are in memory: what decoding costs is the camera's, not the agent's."""

    def __init__(self) -> None:
        self._photos = np.random.default_rng(0).integers(0, 255, (8, 480, 640, 3), dtype=np.uint8)
        self._given = 0

    def read(self) -> Frame | None:
        """See `Camera.read`."""
        if self._given == _FRAMES:
            return None
        self._given += 1
        return Frame(self._photos[self._given % 8], self._given - 1)

    def close(self) -> None:
        """See `Camera.close`."""


class Quiet:
    """Events for nobody."""

    def say(self, event: str, text: str, **fields: object) -> None:
        """See `Events.say`."""


def agent_overhead(bundle: Path, port: int) -> Row:
    """All of the agent's time per frame but `invoke()`, against `invoke()` alone, at one thread and a real broker."""
    model = load_model(bundle, threads=1)
    runtime, own = model.classifier.runtime, deque[float]()
    invoke = runtime.invoke

    def timed(frame: np.ndarray) -> np.ndarray:
        start = time.perf_counter()
        answer = invoke(frame)
        own.append(time.perf_counter() - start)
        return answer

    runtime.invoke = timed  # type: ignore[method-assign]
    link = Link(Address("127.0.0.1", port), "bench", Quiet())
    link.open()
    agent = Agent(model, MemoryCamera(), link, "bench", Quiet())
    start = time.perf_counter()
    agent._loop()
    total = time.perf_counter() - start
    assert link.drain(30)
    link.close()
    invoke_ms = 1000 * sum(own) / _FRAMES
    return Row(
        "agent_overhead", 1000 * total / _FRAMES - invoke_ms, "ms", "invoke() of MobileNetV2-224 int8", invoke_ms
    )
