"""The process in which one measurement is made: fresh, so that the first frame and the memory are honest.

It reads a job from standard input and answers on standard output, both JSON. The native runtimes may end a process in
which they run; this one may be lost.
"""

import os
import sys
import time
from array import array
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from sagui.convert.bench.board import Machine, kibibytes
from sagui.convert.bench.card import Measured, Memory, latency
from sagui.convert.bench.energy import find_meter, measure_energy
from sagui.convert.bench.errors import BenchError
from sagui.errors import SaguiError
from sagui.infer.choose import choose
from sagui.infer.classify import Classifier
from sagui.infer.errors import InferError
from sagui.infer.load import LoadedModel, from_tflite, load_model
from sagui.infer.preprocess import Photo

TOP = 5
"""How many of the best labels are looked for."""

MAX_RUNS = 20_000
"""More tell nothing new."""

_MIN_RUNS = 10
_ENERGY_S = 3.0
# The kernel counts busy time in hundredths of a second.
_TELLING_S = 0.5


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure.

    Attributes:
        model: A bundle, or a TFLite file.
        labels: For a TFLite file: one for each output.
        frame: A file of `numpy.save` with pixels ``(height, width, 3)``.
        runs: How many frames to time; None if `seconds` says it.
        seconds: How long to time frames.
        warmup: How many to leave out before.
    """

    model: str
    labels: tuple[str, ...] | None
    threads: Annotated[int, msgspec.Meta(ge=1)]
    frame: str
    runs: Annotated[int, msgspec.Meta(ge=1)] | None
    seconds: float
    warmup: Annotated[int, msgspec.Meta(ge=0)]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is nothing to measure, in one line."""

    refused: str


def measure_here(job: Job, machine: Machine) -> Measured:
    """Makes a measurement in this process, which should be fresh.

    Args:
        job: What to measure.
        machine: Who is asked how the board fares.

    Raises:
        SaguiError: The model cannot be loaded or run.
    """
    choose()  # imports the runtime, which is no part of loading a model
    photo: Photo = np.load(job.frame)
    before_load_bytes = _held(machine, "VmRSS")
    start = time.perf_counter()
    classifier = _load(job).classifier
    load_ms = 1000 * (time.perf_counter() - start)
    resident_bytes = _held(machine, "VmRSS")
    first_ms = float(_once(classifier, photo).sum())
    for _ in range(job.warmup):
        _once(classifier, photo)
    neighbours = _Neighbours(machine)
    times_ms = _times(classifier, photo, job)
    after, other_cores = machine.condition(), neighbours.cores()
    # Not getrusage's ru_maxrss: that starts with what the process that started this one held.
    peak_bytes = _held(machine, "VmHWM")
    meter = find_meter(machine)
    return Measured(
        threads=job.threads,
        runs=len(times_ms),
        runtime=classifier.runtime.name,
        load_ms=load_ms,
        first_ms=first_ms,
        **_latencies(times_ms),
        memory=Memory(before_load_bytes=before_load_bytes, resident_bytes=resident_bytes, peak_bytes=peak_bytes),
        energy=measure_energy(meter, lambda: _once(classifier, photo), _ENERGY_S) if meter else None,
        other_cores=other_cores,
        after=after,
    )


def _latencies(times_ms: npt.NDArray[np.float64]) -> dict[str, Any]:
    """The card's keys that come of the times ``(runs, 3)`` alone."""
    end_to_end = latency(times_ms.sum(axis=1))
    parts = {name: latency(column) for name, column in zip(("preprocess", "invoke", "rest"), times_ms.T, strict=True)}
    return {"end_to_end": end_to_end, **parts, "frames_per_second": 1000 / end_to_end.p50_ms}


def _load(job: Job) -> LoadedModel:
    path = Path(job.model)
    if job.labels is None:
        return load_model(path, threads=job.threads)
    try:
        model = path.read_bytes()
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return from_tflite(model, path.stem, job.labels, job.threads)
    except InferError as error:
        raise type(error)(f"{path}: {error}") from error


def _once(classifier: Classifier, photo: Photo) -> npt.NDArray[np.float64]:
    """Names the frame as a device does; gives the milliseconds of preprocess, invoke and rest ``(3,)``."""
    start = time.perf_counter()
    inputs = classifier.encode(photo)
    ready = time.perf_counter()
    raw = classifier.runtime.invoke(inputs)
    answered = time.perf_counter()
    best_labels(classifier, classifier.scores(raw))
    end = time.perf_counter()
    return 1000 * np.diff([start, ready, answered, end])


def best_labels(classifier: Classifier, scores: npt.NDArray[np.float64]) -> list[tuple[str, float]]:
    """The best labels with their scores, the best first.

    Args:
        classifier: Knows the labels.
        scores: ``(labels,)``.
    """
    best = np.argsort(scores)[: -TOP - 1 : -1]
    return [(classifier.labels[number], float(scores[number])) for number in best]


def _times(classifier: Classifier, photo: Photo, job: Job) -> npt.NDArray[np.float64]:
    """Times frames ``(runs, 3)``."""
    times = array("d")
    runs, until = 0, time.perf_counter() + job.seconds
    while runs < (job.runs or _MIN_RUNS) or (not job.runs and runs < MAX_RUNS and time.perf_counter() < until):
        times.extend(_once(classifier, photo))
        runs += 1
    return np.array(times).reshape(runs, 3)


class _Neighbours:
    """Watches what other programs do meanwhile."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._busy_s, self._own_s = machine.busy_seconds(), time.process_time()
        self._start = time.perf_counter()

    def cores(self) -> float | None:
        """How many cores they kept busy; None if it was too short to tell."""
        elapsed = time.perf_counter() - self._start
        busy_s, own_s = self._machine.busy_seconds(), time.process_time() - self._own_s
        if busy_s is None or self._busy_s is None or elapsed < _TELLING_S:
            return None
        return max(0.0, busy_s - self._busy_s - own_s) / elapsed


def _held(machine: Machine, key: str) -> int | None:
    return kibibytes(machine.text("proc/self/status") or "", key)


def main() -> None:
    """Reads a job, does it, and answers."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what native libraries print is no part of the answer
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        told: Measured | Refusal = measure_here(job, Machine())
    except SaguiError as error:
        told = Refusal(refused=str(error))
    with answer:
        answer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    main()
