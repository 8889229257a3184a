"""Does this machine compute what the workstation did, with its own runtime and delegate?"""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from sagui.bundle.read import is_bundle
from sagui.device.errors import DeviceError
from sagui.infer.load import LoadedModel, load_model
from sagui.infer.runtimes.device import CPU, Device


@dataclass(frozen=True)
class SelfTest:
    """A test that was passed.

    Attributes:
        model: The bundle's name.
        version: Of the bundle.
        runtime: With its version, and the delegate where one is used.
        device: ``cpu``, or the delegate's library.
        threads: CPU threads.
        frames: How many golden frames were reproduced.
        difference: The largest difference of any output, in ``unit``.
        tolerance: The largest that is allowed.
        unit: ``steps`` of the output's quantization, or ``absolute`` scores.
        load_ms: From the file to a network that is ready, a trial in another process included.
        frame_ms: The network's time for a golden frame, the median.
        notes: What a person should know, such as why a delegate is not used.
    """

    model: str
    version: str
    runtime: str
    device: str
    threads: int
    frames: int
    difference: float
    tolerance: float
    unit: str
    load_ms: float
    frame_ms: float
    notes: tuple[str, ...] = ()


def run_selftest(path: Path, threads: int = 1, device: Device = CPU) -> SelfTest:
    """Reproduces the golden frames of a bundle.

    The model runs in a process of its own first: one that crashes the runtime is an error like others.

    Args:
        path: The bundle.
        threads: CPU threads, 1 or more.
        device: Where it shall run.

    Raises:
        DeviceError: It is a plain TFLite file, which has no golden frames.
        SaguiError: The file cannot be used, or the golden frames are not reproduced.
    """
    start = perf_counter()
    model = load_model(path, None, threads, device, probe=True) if is_bundle(path) or not path.is_file() else None
    load_ms = 1000 * (perf_counter() - start)
    if model is None or (met := model.prove()) is None or model.tolerance is None:
        raise DeviceError(f"{path}: a plain TFLite file has no golden frames to reproduce; give the bundle (.sagui)")
    return SelfTest(
        model=model.name,
        version=model.version,
        runtime=model.classifier.runtime.name,
        device=str(model.delegate or "cpu"),
        threads=threads,
        frames=met.count,
        difference=met.difference,
        tolerance=model.tolerance,
        unit=met.unit,
        load_ms=load_ms,
        frame_ms=median(_times_ms(model)),
        notes=model.notes,
    )


def _times_ms(model: LoadedModel) -> list[float]:
    times = []
    frames = model.proof[0].frames if model.proof else ()
    for frame in frames:
        start = perf_counter()
        model.classifier.runtime.invoke(frame)
        times.append(1000 * (perf_counter() - start))
    return times
