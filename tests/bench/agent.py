"""What the agent costs beside the network itself: frames a second, delay, memory."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import numpy as np
from tests.bench.rows import Row

from sagui.device.agent import Agent
from sagui.device.cameras import Frame
from sagui.device.decide import Decider
from sagui.device.mqtt.address import Address
from sagui.device.mqtt.link import Link
from sagui.device.outbox import open_outbox
from sagui.device.publisher import Publisher
from sagui.device.streams import Stream
from sagui.infer.load import LoadedModel, load_model

_FRAMES = int(os.environ.get("SAGUI_BENCH_FRAMES", "2000"))
"""Fewer where it is only seen that they are measured."""
_ROUNDS = 7
_TURN = 1000
"""Frames of one turn: short, so that a moment in which the machine is slow falls on both."""

_FPS = 30
_SOAK_FRAMES = 200_000
_SOAK_WARM = 20_000


class MemoryCamera:
    """VGA frames that are in memory: what decoding costs is the camera's, not the agent's."""

    def __init__(self, frames: int = _FRAMES, watch: Callable[[int], None] | None = None) -> None:
        self._photos = np.random.default_rng(0).integers(0, 255, (8, 480, 640, 3), dtype=np.uint8)
        self._frames, self._watch = frames, watch
        self._given = 0

    def read(self) -> Frame | None:
        """See `Camera.read`."""
        if self._given == self._frames:
            return None
        if self._watch is not None:
            self._watch(self._given)
        self._given += 1
        return Frame(self._photos[self._given % 8], self._given - 1)

    def close(self) -> None:
        """See `Camera.close`."""


class Quiet:
    """Events for nobody."""

    def say(self, event: str, text: str, **fields: object) -> None:
        """See `Events.say`."""


@contextmanager
def whole_agent(
    model: LoadedModel, port: int, camera: MemoryCamera, interval_s: float = 0.0
) -> Iterator[tuple[Agent, Link]]:
    """Everything between a camera and a broker, with results on disk until the broker has them."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        link = Link(Address("127.0.0.1", port), "bench", Quiet(), outbox=open_outbox(Path(folder), Quiet()))
        link.open()
        classifier = model.classifier
        stream = Stream(None, model, Decider(classifier.labels, classifier.decision))
        link.ready()
        try:
            yield Agent(camera, [stream], [Publisher(link, "bench", link.boot, Quiet())], interval_s=interval_s), link
        finally:
            link.close()


def _agent_fps(bundle: Path, port: int, threads: int) -> Row:
    """Frames a second of the whole agent against those of a bare `invoke()` loop, in turn; medians of the rounds."""
    model = load_model(bundle, threads=threads)
    runtime, ours, bare = model.classifier.runtime, [], []
    frame = np.zeros(runtime.inputs[0].shape[1:], runtime.inputs[0].dtype)
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for _ in range(_TURN):
            runtime.invoke(frame)
        bare.append(_TURN / (time.perf_counter() - start))
        with whole_agent(model, port, MemoryCamera(_TURN)) as (agent, link):
            start = time.perf_counter()
            agent.run()
            ours.append(_TURN / (time.perf_counter() - start))
            assert link.drain(30)
    threads_text = "one thread" if threads == 1 else f"{threads} threads"
    return Row(
        f"agent_fps_{threads}",
        statistics.median(ours),
        "frames/s",
        f"a bare invoke() loop, {threads_text}",
        statistics.median(bare),
    )


def agent_fps_1(bundle: Path, port: int) -> Row:
    """See `_agent_fps`; one thread."""
    return _agent_fps(bundle, port, 1)


def agent_fps_2(bundle: Path, port: int) -> Row:
    """See `_agent_fps`; two threads."""
    return _agent_fps(bundle, port, 2)


def agent_overhead(bundle: Path, port: int) -> Row:
    """All of the agent's time per frame but `invoke()`, against `invoke()` alone, at one thread and a real broker."""
    model = load_model(bundle, threads=1)
    runtime, own = model.classifier.runtime, list[float]()
    invoke = runtime.invoke

    def timed(frame: np.ndarray) -> np.ndarray:
        start = time.perf_counter()
        answer = invoke(frame)
        own.append(time.perf_counter() - start)
        return answer

    runtime.invoke = timed  # type: ignore[method-assign]
    with whole_agent(model, port, MemoryCamera()) as (agent, link):
        start = time.perf_counter()
        agent.run()
        total = time.perf_counter() - start
        assert link.drain(30)
    invoke_ms = 1000 * sum(own) / _FRAMES
    return Row(
        "agent_overhead", 1000 * total / _FRAMES - invoke_ms, "ms", "invoke() of MobileNetV2-224 int8", invoke_ms
    )


def frame_to_broker_p99(bundle: Path, port: int) -> Row:
    """From a frame's capture to a subscriber that has its result: 99th percentile at 30 frames a second.

    Against the median of `invoke()`, measured in the same run.
    """
    model = load_model(bundle, threads=1)
    listener = shutil.which("mosquitto_sub")
    if listener is None:
        sys.exit("make bench needs mosquitto_sub: apt-get install mosquitto-clients")
    command = [listener, "-p", str(port), "-t", "sagui/bench/result", "-q", "1", "-F", "%U %p", "-C", str(_FRAMES)]
    with TemporaryFile("w+") as heard:  # a pipe would fill, and hold the subscriber up
        with subprocess.Popen(command, stdout=heard) as subscriber:
            time.sleep(2)
            with whole_agent(model, port, MemoryCamera(), interval_s=1 / _FPS) as (agent, link):
                agent.run()
                assert link.drain(30)
            subscriber.wait(30)
        heard.seek(0)
        lines = heard.read()
    delays, ran = [], []
    for line in lines.splitlines():
        arrived, _, payload = line.partition(" ")
        result = json.loads(payload)
        # The wire's times are cut to milliseconds, so this is up to one too many.
        delays.append(1000 * (float(arrived) - datetime.fromisoformat(result["time"]).timestamp()))
        ran.append(result["latency_ms"]["infer"])
    assert len(delays) == _FRAMES
    return Row(
        "frame_to_broker_p99", float(np.percentile(delays, 99)), "ms", "invoke(), median", statistics.median(ran)
    )


def agent_memory(bundle: Path, port: int) -> Row:
    """Memory that `sagui run` holds after a few hundred frames, against Python with a runtime that ran the network."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        ours = _resident_mib(
            [
                *(sys.executable, "-m", "sagui.cli", "run", str(bundle), "--camera", "synthetic?width=640&height=480"),
                *("--broker", f"mqtt://127.0.0.1:{port}", "--device", "bench", "--fps", "100", "--outbox", folder),
            ]
        )
    code = (
        "import sys, time, zipfile, numpy as np; from ai_edge_litert.interpreter import Interpreter\n"
        f"model = zipfile.ZipFile({str(bundle)!r}).read('model.tflite')\n"
        "network = Interpreter(model_content=model, num_threads=1); network.allocate_tensors()\n"
        "network.invoke(); time.sleep(60)"
    )
    return Row(
        "agent_memory", ours, "MiB", "LiteRT and numpy, one invoke()", _resident_mib([sys.executable, "-c", code])
    )


def _resident_mib(command: list[str], after_s: float = 8.0) -> float:
    """Resident memory of a process after it ran for a while, in MiB."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            time.sleep(after_s)
            return _resident_of(process.pid)
        finally:
            process.terminate()


def _resident_of(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def soak_growth(bundle: Path, port: int, frames: int = _SOAK_FRAMES, warm: int = _SOAK_WARM) -> Row:
    """How much the agent's memory grows over 200,000 frames, against what it had after 20,000."""
    model = load_model(bundle, threads=1)
    resident: dict[int, float] = {}

    def watch(index: int) -> None:
        if index in (warm, frames - 1):
            resident[index] = _resident_of(os.getpid())

    with whole_agent(model, port, MemoryCamera(frames, watch)) as (agent, link):
        agent.run()
        assert link.drain(120)
    assert threading.active_count() < 20
    return Row(
        "soak_growth", resident[frames - 1] - resident[warm], "MiB", f"memory after {warm} frames", resident[warm]
    )


ROWS = {
    row.__name__: row
    for row in (agent_overhead, agent_fps_1, agent_fps_2, frame_to_broker_p99, agent_memory, soak_growth)
}


def measure_apart(name: str, bundle: Path, port: int) -> Row:
    """Measures a row in a process of its own: TensorFlow, which made the bundle, is nowhere near a device."""
    command = [sys.executable, "-m", "tests.bench.agent", name, str(bundle), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed: {done.stderr}")
    return Row(*json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measures one row: its name, the bundle, the broker's port."""
    name, bundle, port = sys.argv[1:]
    row = ROWS[name](Path(bundle), int(port))
    sys.stdout.write(json.dumps(list(row)) + "\n")


if __name__ == "__main__":
    main()
