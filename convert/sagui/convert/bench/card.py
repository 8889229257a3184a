"""The report card: what a model costs on a board. Structs and statistics, no I/O."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from sagui.bundle.metrics import Proportion
from sagui.convert.bench.errors import BenchError

SCHEMA = 1
"""The version of the card this code writes, and the only one it reads."""

_Time = Annotated[float, msgspec.Meta(ge=0)]
_Bytes = Annotated[int, msgspec.Meta(ge=0)]
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Points = float


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took: half of the runs at most ``p50_ms``, one in a hundred longer than ``p99_ms``."""

    p50_ms: _Time
    p90_ms: _Time
    p99_ms: _Time


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the process held in memory; None where the system does not tell.

    Attributes:
        before_load_bytes: Python and its libraries, before there was a model.
        resident_bytes: Once the model was loaded, before its first frame.
        peak_bytes: The most until the last frame.
    """

    before_load_bytes: _Bytes | None = None
    resident_bytes: _Bytes | None = None
    peak_bytes: _Bytes | None = None


class Energy(msgspec.Struct, frozen=True, kw_only=True):
    """What the work drew, in a run of its own, so that asking does not disturb the latencies.

    Attributes:
        source: Who told, and what it covers.
        watts: While frame followed frame.
        idle_watts: Just before, with nothing to do.
        millijoules: For one frame, what the board draws anyway included.
        frames: How many there were.
    """

    source: str
    watts: float
    idle_watts: float
    millijoules: float
    frames: _Positive


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How the board fares at one moment; None where it does not tell.

    Attributes:
        governor: Who chooses the clock; several are joined by commas.
        clock_mhz: Of the fastest core now,
        max_clock_mhz: and what it can reach.
        temperature_c: Of the processor.
        throttled: The bits of ``vcgencmd get_throttled`` on a Raspberry Pi.
        throttle_count: How often the cores slowed down for heat since the start (Intel).
        load: Programs that wanted to run, averaged over a minute.
    """

    governor: str | None = None
    clock_mhz: float | None = None
    max_clock_mhz: float | None = None
    temperature_c: float | None = None
    throttled: int | None = None
    throttle_count: int | None = None
    load: float | None = None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """What machine it is; None where it does not tell.

    Attributes:
        before: How it fared before the first measurement.
    """

    name: str | None
    cpu: str | None
    cores: _Positive
    architecture: str
    system: str
    memory_bytes: _Bytes | None
    before: Condition


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A model at one number of threads, in a process of its own.

    The parts are timed within the same runs, so the network runs with the caches as the frame's preparation left them.

    Attributes:
        runs: Frames that were timed, after the warm-up.
        load_ms: From the file to a network that is ready; imports are not in it.
        first_ms: The first frame, end to end.
        end_to_end: From a frame to its best labels: the sum of the three parts.
        preprocess: Fitting the frame to the input.
        invoke: The network alone.
        rest: Dequantizing, calibrating and finding the best labels.
        frames_per_second: ``1000 / end_to_end.p50_ms``.
        other_cores: How many cores other programs kept busy meanwhile; None if the runs were too short to tell.
        after: How the board fared at the end, with the work still hot.
    """

    threads: _Positive
    runs: _Positive
    runtime: str
    load_ms: _Time
    first_ms: _Time
    end_to_end: Latency
    preprocess: Latency
    invoke: Latency
    rest: Latency
    frames_per_second: _Time
    memory: Memory
    energy: Energy | None = None
    other_cores: float | None = None
    after: Condition


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Which model it is.

    Attributes:
        version: Of the bundle; None for a plain TFLite file.
        quantization: The bundle's mode; None for a plain TFLite file.
        bytes: Of the TFLite file.
        sha256: Of the TFLite file.
    """

    name: str
    version: str | None
    quantization: str | None
    bytes: _Bytes
    sha256: str


class FrameFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The frame that was named again and again.

    Attributes:
        about: The same in words.
    """

    source: Literal["photo", "golden", "noise"]
    about: str
    height: _Positive
    width: _Positive


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """What the bundle's manifest says of the test photos.

    Attributes:
        exported: Top-1 of the file that was measured.
        float: Of the float network it was made of.
        change_points: The first less the second, in percentage points.
    """

    exported: Proportion
    float: Proportion
    change_points: _Points


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A report card.

    Attributes:
        created: UTC, RFC 3339.
        accuracy: None for a plain TFLite file, which carries no evaluation.
        warnings: Why the numbers may not be what the board can do.
    """

    kind: Literal["sagui-bench"] = "sagui-bench"
    schema: int = SCHEMA
    created: str
    model: ModelFacts
    frame: FrameFacts
    board: Board
    measured: Annotated[tuple[Measured, ...], msgspec.Meta(min_length=1)]
    accuracy: Accuracy | None = None
    warnings: tuple[str, ...] = ()


def latency(times_ms: npt.NDArray[Any]) -> Latency:
    """Summarizes times.

    Percentiles between two runs are interpolated (Hyndman and Fan, "Sample Quantiles in Statistical Packages", The
    American Statistician 50 (1996), definition 7).

    Args:
        times_ms: ``(runs,)``, one or more.

    >>> latency(np.arange(101.0))
    Latency(p50_ms=50.0, p90_ms=90.0, p99_ms=99.0)
    """
    p50, p90, p99 = np.percentile(times_ms, [50, 90, 99])
    return Latency(p50_ms=float(p50), p90_ms=float(p90), p99_ms=float(p99))


def thread_counts(cores: int) -> tuple[int, ...]:
    """The thread counts that are worth a look: powers of two below the number of cores, and that number.

    >>> thread_counts(4), thread_counts(6)
    ((1, 2, 4), (1, 2, 4, 6))
    """
    return (*(1 << power for power in range(cores.bit_length()) if 1 << power < cores), cores)


def accuracy_of(exported: Proportion, parent: Proportion) -> Accuracy:
    """Sets a file beside the float network it was made of.

    Args:
        exported: Top-1 of the file.
        parent: Of the float network, on the same photos.
    """
    return Accuracy(exported=exported, float=parent, change_points=round(100 * (exported.value - parent.value), 6))


def encode_card(card: Card) -> bytes:
    """Writes a card as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(card, order="deterministic"), indent=2) + b"\n"


def decode_card(content: bytes) -> Card:
    """Reads a card.

    Raises:
        BenchError: It is no card, of another schema, or a key is missing or wrong; the message names the key.
    """
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.kind != "sagui-bench":
            raise BenchError(
                f"not a report card: its kind is {head.kind!r}; write one with sagui bench MODEL --json FILE"
            )
        if head.schema != SCHEMA:
            raise BenchError(f"a report card of schema {head.schema}, this sagui reads {SCHEMA}; measure again")
        return msgspec.json.decode(content, type=Card)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BenchError(f"not a report card: {error}; write one with sagui bench MODEL --json FILE") from error


class _Head(msgspec.Struct):
    kind: str
    schema: int


def shared_threads(cards: Sequence[Card]) -> tuple[int, ...]:
    """The thread counts that every card has."""
    counts = [{measured.threads for measured in card.measured} for card in cards]
    return tuple(sorted(set.intersection(*counts)))
