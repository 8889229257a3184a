"""From a file to a classifier: a bundle, or any TFLite image classifier."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from sagui.bundle.errors import BundleError
from sagui.bundle.golden import Golden
from sagui.bundle.manifest import Decision, GoldenSpec
from sagui.bundle.read import EDGETPU_MODEL, Bundle, is_bundle, read_bundle
from sagui.infer.choose import CANDIDATES, compiled_for_edgetpu, load_runtime, probe_model
from sagui.infer.classify import Classifier, Normalization, count_outputs, image_input
from sagui.infer.errors import GoldenError, InferError, ModelError, NoRuntimeError
from sagui.infer.golden import Reproduction, reproduce
from sagui.infer.labels import check_labels, read_labels
from sagui.infer.metadata import ModelMetadata, read_metadata
from sagui.infer.runtimes.device import CPU, Delegate, Device
from sagui.infer.runtimes.port import Runtime

_EDGETPU_STEPS = 1.0


@dataclass(frozen=True)
class LoadedModel:
    """A classifier and where it comes from.

    Attributes:
        proof: The golden frames and how closely they must be met; None for a plain TFLite file, which has none.
        notes: What a person should know about how the file is used.
        delegate: What runs it; None for the CPU.
    """

    classifier: Classifier
    name: str
    version: str
    proof: tuple[Golden, GoldenSpec] | None = None
    notes: tuple[str, ...] = ()
    delegate: Delegate | None = None

    @property
    def tolerance(self) -> float | None:
        """How far the golden outputs may be missed, in their unit; None for a plain TFLite file.

        An Edge TPU rounds otherwise than a CPU: it may be one step off.
        """
        if self.proof is None:
            return None
        spec = self.proof[1]
        return max(spec.tolerance, _EDGETPU_STEPS) if self._on_edgetpu and spec.unit == "steps" else spec.tolerance

    @property
    def _on_edgetpu(self) -> bool:
        return self.delegate is not None and self.delegate.edgetpu

    def prove(self) -> Reproduction | None:
        """Reproduces the golden frames on this machine, if there are any.

        An Edge TPU must also name every frame as the workstation did.

        Raises:
            GoldenError: They are not reproduced.
            ModelError: The network fails.
        """
        if self.proof is None:
            return None
        golden, spec = self.proof
        allowed = msgspec.structs.replace(spec, tolerance=self.tolerance)
        met = reproduce(self.classifier.runtime, golden, allowed)
        if self._on_edgetpu:
            _check_names(self.classifier.runtime, golden)
        return met


def _check_names(runtime: Runtime, golden: Golden) -> None:
    """Refuses a runtime that names a golden frame otherwise than either kind of kernels does."""
    best = np.array([int(runtime.invoke(frame).argmax()) for frame in golden.frames])[:, np.newaxis]
    recorded = [outputs for outputs in (golden.outputs, golden.builtin) if outputs is not None]
    # Where two labels share the highest output, either is its name.
    alike = [np.take_along_axis(outputs, best, axis=1)[:, 0] == outputs.max(axis=1) for outputs in recorded]
    if failed := min(int((~each).sum()) for each in alike):
        raise GoldenError(
            f"this machine does not name what the workstation did: {failed} of {len(best)} golden frames have another "
            f"label with {runtime.name}; the model is not used"
        )


def load_model(
    path: Path, labels: Path | None = None, threads: int = 1, device: Device = CPU, *, probe: bool = False
) -> LoadedModel:
    """Loads a bundle or a TFLite image classifier.

    Args:
        path: The file; its content tells what it is.
        labels: A text file with a label a line, for a TFLite file without labels inside.
        threads: CPU threads, 1 or more.
        device: Where it shall run; see `sagui.infer.runtimes.parse_device`.
        probe: Whether to run it once in a process of its own before; with a delegate that is always done.

    Raises:
        BundleError: The bundle is damaged or not readable.
        InferError: The model cannot be used; the message names the file.
    """
    if is_bundle(path):
        bundle = read_bundle(path)
        try:
            return from_bundle(bundle, threads, device, probe=probe)
        except (InferError, BundleError) as error:
            raise type(error)(f"{path}: {error}") from error
    try:
        model = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    chosen = read_labels(labels) if labels else None
    try:
        return from_tflite(model, path.stem, chosen, threads, device, probe=probe)
    except InferError as error:
        raise type(error)(f"{path}: {error}") from error


def from_bundle(bundle: Bundle, threads: int = 1, device: Device = CPU, *, probe: bool = False) -> LoadedModel:
    """Loads the model of a bundle; on an Edge TPU, the one that was compiled for it.

    Args:
        bundle: What was read.
        threads: See `load_model`.
        device: See `load_model`.
        probe: See `load_model`.

    Raises:
        InferError: The model does not run here, or is not the one its manifest describes.
    """
    manifest = bundle.manifest
    placed = _place(bundle.model, bundle.entries.get(EDGETPU_MODEL), threads, device, probe=probe)
    runtime = placed.runtime
    found, spec = image_input(runtime), manifest.input
    for key in ("height", "width", "channels", "dtype"):
        if getattr(found, key) != getattr(spec, key):
            raise ModelError(f"the model's input has {key} {getattr(found, key)}, its manifest {getattr(spec, key)}")
    labels = check_labels(manifest.labels, count_outputs(runtime))
    classifier = Classifier(runtime, labels, spec, manifest.decision, activation=manifest.output.activation)
    proof = (bundle.golden(), manifest.golden)
    return LoadedModel(classifier, manifest.name, manifest.version, proof, placed.notes, placed.delegate)


def from_tflite(
    model: bytes,
    name: str,
    labels: tuple[str, ...] | None = None,
    threads: int = 1,
    device: Device = CPU,
    *,
    probe: bool = False,
) -> LoadedModel:
    """Loads a TFLite file of any maker.

    Args:
        model: The file's content.
        name: What to call it.
        labels: One for each output; without them, those inside the file are used.
        threads: See `load_model`.
        device: See `load_model`.
        probe: See `load_model`.

    Raises:
        InferError: It is no image classifier, does not run here, or has no labels that fit.
    """
    placed = _place(model, model if compiled_for_edgetpu(model) else None, threads, device, probe=probe)
    runtime = placed.runtime
    spec, metadata = image_input(runtime), read_metadata(model)
    chosen = check_labels(labels or metadata.labels, count_outputs(runtime))
    normalization, notes = _normalization(spec.dtype, metadata)
    classifier = Classifier(runtime, chosen, spec, Decision(), normalization)
    return LoadedModel(classifier, name, "0.0.0", None, placed.notes + notes, placed.delegate)


@dataclass(frozen=True)
class _Placed:
    """A loaded network and where it runs."""

    runtime: Runtime
    delegate: Delegate | None = None
    notes: tuple[str, ...] = ()


def _place(model: bytes, compiled: bytes | None, threads: int, device: Device, *, probe: bool) -> _Placed:
    """Loads a model where a person wants it.

    Args:
        model: For the CPU, and for delegates other than the Edge TPU's.
        compiled: For the Edge TPU, if there is one; `model` itself if that was compiled.
        threads: CPU threads.
        device: The choice.
        probe: Whether to try the CPU in a process of its own first.

    Raises:
        InferError: It does not run there.
    """
    delegate = device.delegate
    if delegate is None or (device.optional and compiled is None):
        return _on_cpu(model, threads, (), probe=probe)
    given = compiled if delegate.edgetpu else model
    if given is None:
        raise ModelError("nothing in it was compiled for an Edge TPU (docs/edgetpu.md says how); choose device cpu")
    try:
        return _Placed(load_runtime(given, threads, CANDIDATES, delegate), delegate)
    except NoRuntimeError as error:
        if not device.optional or compiled_for_edgetpu(model):
            raise
        return _on_cpu(model, threads, (f"it runs on the CPU: {error}",), probe=probe)


def _on_cpu(model: bytes, threads: int, notes: tuple[str, ...], *, probe: bool) -> _Placed:
    if probe:
        probe_model(model, threads)
    return _Placed(load_runtime(model, threads), None, notes)


def _normalization(dtype: str, metadata: ModelMetadata) -> tuple[Normalization | None, tuple[str, ...]]:
    if dtype != "float32":
        return None, ()
    if metadata.mean and metadata.std and 0.0 not in metadata.std:
        return Normalization(metadata.mean, metadata.std), ()
    return Normalization(), (
        "the float model does not say how its input is normalized; (pixel - 127.5) / 127.5 is assumed",
    )
