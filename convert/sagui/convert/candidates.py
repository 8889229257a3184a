"""Files that may become the bundle, each tried on the photos: one mode, or one after another until a file passes."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import msgspec
import numpy as np

from sagui.bundle.manifest import Decision
from sagui.convert import mixed
from sagui.convert.calibrate import representative
from sagui.convert.errors import CalibrationError, ConvertError, ExportError
from sagui.convert.evaluate import Scored, score_photos
from sagui.convert.gate import Verdict, judge
from sagui.convert.layers import LayerError, layer_errors
from sagui.convert.metadata import add_metadata
from sagui.convert.modes import AUTO, MODES, Mode, ModeName
from sagui.convert.temperature import fit_temperature
from sagui.convert.workbench import Workbench
from sagui.infer.choose import load_runtime, probe_model
from sagui.infer.classify import Classifier
from sagui.infer.errors import ModelError
from sagui.infer.runtimes import Runtime
from sagui.train.run import Part

_TIMED = 20
_LAYER_PHOTOS = 16
_KEPT = (3, 6, 12, 24)
"""How many layers mixed precision keeps in floats, until the file passes."""


@dataclass(frozen=True)
class Candidate:
    """A file that may become the bundle.

    Attributes:
        mode: How its numbers were made small.
        raw: As the converter wrote it.
        model: With its metadata.
        decision: With the temperature that calibrates it.
        scored: Its calibrated scores of the test photos.
        verdict: What the gate found.
        latency_ms: One `invoke` on one thread of this machine, in the median.
        kept: Layers that stayed in floats.
    """

    mode: Mode
    raw: bytes
    model: bytes
    decision: Decision
    scored: Scored
    verdict: Verdict
    latency_ms: float
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotTried:
    """A mode that could not be tried.

    Attributes:
        reason: Why.
    """

    mode: Mode
    reason: str


def try_mode(bench: Workbench, name: ModeName) -> Candidate:
    """Makes a file by one mode, and measures it.

    Raises:
        ConvertError: It cannot be made.
        ModelError: It does not run.
    """
    if name == "mixed":
        mixed.check_installed()
        return try_mixed(bench, try_mode(bench, "int8"))
    mode = MODES[name]
    return measure(bench, mode, bench.quantize(mode) if name != "none" else bench.float_file)


def try_mixed(bench: Workbench, int8: Candidate) -> Candidate:
    """Keeps ever more of the layers that lose most in floats, until the file passes.

    Args:
        bench: What is converted.
        int8: The whole-integer file, which tells what they lose.

    Returns:
        The first that passes, or the last.

    Raises:
        ConvertError: The quantizer is not there, or fails.
    """
    errors = find_layer_errors(bench, int8.raw)
    mode = MODES["mixed"]
    for count in _KEPT:
        kept = tuple(mixed.choose_layers(errors, count))
        with bench.progress.task(f"Quantize, {len(kept)} layers kept in floats"):
            raw = mixed.quantize_mixed(bench.float_file, kept, representative(bench.representatives, "uint8"))
        candidate = measure(bench, mode, raw, kept)
        if candidate.verdict.passed or len(kept) < count:
            break
    return candidate


def try_all(bench: Workbench) -> Iterator[Candidate | NotTried]:
    """Tries the modes, fastest first, up to the first that passes the gate.

    Raises:
        CalibrationError: The representative photos do not tell the ranges.
    """
    int8: Candidate | None = None
    for name in AUTO:
        if name == "mixed" and int8 is None:
            yield NotTried(MODES[name], "it starts from int8")
            continue
        try:
            candidate = try_mixed(bench, int8) if name == "mixed" and int8 else try_mode(bench, name)
        except CalibrationError:
            # The photos or the network are to blame, not the mode.
            raise
        except (ConvertError, ModelError) as error:
            yield NotTried(MODES[name], str(error))
            continue
        yield candidate
        if candidate.verdict.passed:
            return
        if name == "int8":
            int8 = candidate


def find_layer_errors(bench: Workbench, raw: bytes) -> tuple[LayerError, ...]:
    """Compares the activations of a file with those of its float parent, on some training photos.

    Args:
        bench: What is converted.
        raw: The file.
    """
    photos = bench.representatives[:_LAYER_PHOTOS]
    with bench.progress.task("Compare the layers with those of the float network"):
        return layer_errors(bench.float_file, raw, photos)


def measure(bench: Workbench, mode: Mode, raw: bytes, kept: tuple[str, ...] = ()) -> Candidate:
    """Runs a file on the photos, as a device would, and lets the gate judge it.

    Args:
        bench: What is converted.
        mode: How.
        raw: The file.
        kept: Layers that stayed in floats.

    Raises:
        ConvertError: It does not take pixels as they are.
        ModelError: It does not run, or ends the process that runs it.
        ModelError: It does not run.
    """
    run, options = bench.run, bench.options
    model = add_metadata(raw, bench.name, options.version, run.labels, options.about)
    # Some files, such as those with a layer that is always zero, end the process that loads them.
    probe_model(model, options.threads)
    plain = make_classifier(bench, model, Decision(), options.threads)
    validation = _score(bench, plain, mode, "validation")
    eight_bits = plain.runtime.outputs[0].dtype in ("uint8", "int8")
    decision = Decision(threshold=options.threshold, temperature=fit_temperature(validation, eight_bits=eight_bits))
    scored = _score(bench, plain, mode, "test").calibrated(decision.temperature)
    return Candidate(
        mode=mode,
        raw=raw,
        model=model,
        decision=decision,
        scored=scored,
        verdict=judge(bench.parent, scored, run.labels, options.budget),
        latency_ms=_latency_ms(make_classifier(bench, model, decision, 1).runtime),
        kept=kept,
    )


def make_classifier(bench: Workbench, model: bytes, decision: Decision, threads: int) -> Classifier:
    """Loads a file as a device would.

    Raises:
        ExportError: It does not take pixels as they are.
    """
    runtime = load_runtime(model, threads)
    pixels = runtime.inputs[0]
    zero_point = -128 if pixels.dtype == "int8" else 0
    # A full-range photo calibrates the input: anything else was not exported as intended.
    as_they_are = not pixels.scale or (abs(pixels.scale - 1) < 1e-3 and pixels.zero_point == zero_point)  # noqa: PLR2004
    if not as_they_are:
        raise ExportError(f"the exported file does not take pixels as they are: its input is {pixels}")
    spec = msgspec.structs.replace(bench.run.input, dtype=pixels.dtype)
    return Classifier(runtime, bench.run.labels, spec, decision, activation="softmax")


def _score(bench: Workbench, classifier: Classifier, mode: Mode, part: Part) -> Scored:
    photos, total = bench.photos.of(part), len(bench.run.split[part])
    return score_photos(
        classifier, photos, total, f"Evaluate the {mode.name} file on the {part} photos", bench.progress
    )


def _latency_ms(runtime: Runtime) -> float:
    frame = np.zeros(runtime.inputs[0].shape[1:], runtime.inputs[0].dtype)
    runtime.invoke(frame)
    times = []
    for _ in range(_TIMED):
        start = perf_counter()
        runtime.invoke(frame)
        times.append(1000 * (perf_counter() - start))
    return statistics.median(times)
