"""Measures a model: what it is, a fresh process for each number of threads, and the card."""

import hashlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from sagui.bundle.golden import Golden
from sagui.bundle.read import is_bundle, read_bundle
from sagui.convert.bench.board import Machine
from sagui.convert.bench.card import Accuracy, Card, Measured, ModelFacts, accuracy_of
from sagui.convert.bench.caveats import caveats
from sagui.convert.bench.child import Job, Refusal
from sagui.convert.bench.errors import BenchError
from sagui.convert.bench.frame import choose_frame
from sagui.convert.errors import InspectError
from sagui.convert.graph.read import read_graph
from sagui.infer.labels import read_labels
from sagui.progress import SILENT, Progress

CHILD = (sys.executable, "-P", "-m", "sagui.convert.bench.child")
"""The program that makes one measurement."""


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        threads: The thread counts, each in a process of its own.
        runs: How many frames to time; None if `seconds` says it.
        seconds: How long to time frames, for each thread count.
        warmup: How many frames to leave out before.
        photo: The frame; a golden frame or noise without it.
        labels: A text file with a label a line, for a plain TFLite file.
    """

    threads: tuple[int, ...]
    runs: int | None = None
    seconds: float = 5.0
    warmup: int = 10
    photo: Path | None = None
    labels: Path | None = None


@dataclass(frozen=True)
class Subject:
    """The model as a file, not loaded into any runtime.

    Attributes:
        labels: To be given to it; None for a bundle.
    """

    facts: ModelFacts
    labels: tuple[str, ...] | None
    golden: Golden | None = None
    accuracy: Accuracy | None = None


def bench(model: Path, plan: Plan, machine: Machine | None = None, progress: Progress = SILENT) -> Card:
    """Measures a bundle or a TFLite image classifier.

    Args:
        model: The file.
        plan: How.
        machine: Who is asked what machine it is.
        progress: Told before each measurement, and never while one goes on: drawing would disturb it.

    Raises:
        SaguiError: The file, the photo or the labels cannot be used, or the process that measures dies.
    """
    subject = read_subject(model, plan.labels)
    pixels, frame = choose_frame(plan.photo, subject.golden)
    board = (machine or Machine()).board()
    measured = []
    with tempfile.TemporaryDirectory(prefix="sagui-") as scratch:
        path = Path(scratch) / "frame.npy"
        np.save(path, pixels)
        for threads in plan.threads:
            progress.say(f"Measure at {threads} thread{'s' * (threads > 1)} ({_how_long(plan)})")
            measured.append(measure_apart(_job(model, subject, plan, threads, path)))
    return Card(
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        model=subject.facts,
        frame=frame,
        board=board,
        measured=tuple(measured),
        accuracy=subject.accuracy,
        warnings=caveats(board, measured),
    )


def read_subject(path: Path, labels: Path | None = None) -> Subject:
    """Finds out what a file is, without running it.

    Args:
        path: A bundle or a TFLite file.
        labels: For a TFLite file; without it, its outputs are numbered, whatever labels it carries.

    Raises:
        SaguiError: The file or the labels cannot be read.
    """
    if not is_bundle(path):
        return _read_tflite(path, labels)
    if labels is not None:
        raise BenchError(f"{path}: a bundle has labels of its own; leave --labels out")
    bundle = read_bundle(path)
    manifest = bundle.manifest
    facts = _facts(bundle.model, manifest.name, manifest.version, manifest.quantization.mode)
    accuracy = accuracy_of(manifest.metrics.exported.accuracy, manifest.metrics.float.accuracy)
    return Subject(facts, None, bundle.golden(), accuracy)


def _read_tflite(path: Path, labels: Path | None) -> Subject:
    try:
        model = path.read_bytes()
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error
    chosen = _numbers(path, model) if labels is None else read_labels(labels)
    return Subject(_facts(model, path.stem), chosen)


def _numbers(path: Path, model: bytes) -> tuple[str, ...]:
    """As many labels as there are outputs: how fast a network is does not depend on what its outputs are called."""
    try:
        graph = read_graph(model)
    except InspectError as error:
        raise BenchError(f"{path}: {error}") from error
    outputs = graph.tensors_of(graph.outputs)
    if not outputs or not outputs[0].shape:
        raise BenchError(f"{path}: no image classifier: its output is no row of scores")
    return tuple(map(str, range(outputs[0].shape[-1])))


def _facts(model: bytes, name: str, version: str | None = None, quantization: str | None = None) -> ModelFacts:
    digest = hashlib.sha256(model).hexdigest()
    return ModelFacts(name=name, version=version, quantization=quantization, bytes=len(model), sha256=digest)


def _job(model: Path, subject: Subject, plan: Plan, threads: int, frame: Path) -> Job:
    return Job(
        model=str(model),
        labels=subject.labels,
        threads=threads,
        frame=str(frame),
        runs=plan.runs,
        seconds=plan.seconds,
        warmup=plan.warmup,
    )


def _how_long(plan: Plan) -> str:
    return f"{plan.runs:,} runs" if plan.runs else f"{plan.seconds:g} s"


def measure_apart(job: Job, child: Sequence[str] = CHILD) -> Measured:
    """Makes a measurement in a fresh process.

    Args:
        job: What to measure.
        child: The program that does.

    Raises:
        BenchError: It refuses the model, or dies.
    """
    done = subprocess.run(child, input=msgspec.json.encode(job), capture_output=True, check=False)  # noqa: S603
    at = f"{job.model}: the process that measured {job.threads} thread{'s' * (job.threads > 1)}"
    if done.returncode < 0:
        raise BenchError(f"{at} was ended by {_signal_name(-done.returncode)}{_last_words(done.stderr)}")
    try:
        told = msgspec.json.decode(done.stdout, type=dict[str, msgspec.Raw])
        if "refused" in told:
            raise BenchError(msgspec.json.decode(done.stdout, type=Refusal).refused)
        return msgspec.json.decode(done.stdout, type=Measured)
    except msgspec.DecodeError as error:
        raise BenchError(f"{at} gave no answer (exit status {done.returncode}){_last_words(done.stderr)}") from error


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_words(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return f": {said[-1][:300]}" if said else "; the runtime said nothing"
