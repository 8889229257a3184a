"""From a file to a classifier: a bundle, or any TFLite image classifier."""

from dataclasses import dataclass
from pathlib import Path

from sagui.bundle.errors import BundleError
from sagui.bundle.golden import Golden
from sagui.bundle.manifest import Decision, GoldenSpec
from sagui.bundle.read import Bundle, is_bundle, read_bundle
from sagui.infer.choose import load_runtime
from sagui.infer.classify import Classifier, Normalization, count_outputs, image_input
from sagui.infer.errors import InferError, ModelError
from sagui.infer.golden import Reproduction, reproduce
from sagui.infer.labels import check_labels, read_labels
from sagui.infer.metadata import ModelMetadata, read_metadata


@dataclass(frozen=True)
class LoadedModel:
    """A classifier and where it comes from.

    Attributes:
        proof: The golden frames and how closely they must be met; None for a plain TFLite file, which has none.
        notes: What a person should know about how the file is used.
    """

    classifier: Classifier
    name: str
    version: str
    proof: tuple[Golden, GoldenSpec] | None = None
    notes: tuple[str, ...] = ()

    def prove(self) -> Reproduction | None:
        """Reproduces the golden frames on this machine, if there are any.

        Raises:
            GoldenError: They are not reproduced.
        """
        return reproduce(self.classifier.runtime, *self.proof) if self.proof else None


def load_model(path: Path, labels: Path | None = None, threads: int = 1) -> LoadedModel:
    """Loads a bundle or a TFLite image classifier.

    Args:
        path: The file; its content tells what it is.
        labels: A text file with a label a line, for a TFLite file without labels inside.
        threads: CPU threads, 1 or more.

    Raises:
        BundleError: The bundle is damaged or not readable.
        InferError: The model cannot be used; the message names the file.
    """
    if is_bundle(path):
        bundle = read_bundle(path)
        try:
            return from_bundle(bundle, threads)
        except (InferError, BundleError) as error:
            raise type(error)(f"{path}: {error}") from error
    try:
        model = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    chosen = read_labels(labels) if labels else None
    try:
        return from_tflite(model, path.stem, chosen, threads)
    except InferError as error:
        raise type(error)(f"{path}: {error}") from error


def from_bundle(bundle: Bundle, threads: int = 1) -> LoadedModel:
    """Loads the model of a bundle.

    Raises:
        InferError: The model does not run here, or is not the one its manifest describes.
    """
    manifest = bundle.manifest
    runtime = load_runtime(bundle.model, threads)
    found, spec = image_input(runtime), manifest.input
    for key in ("height", "width", "channels", "dtype"):
        if getattr(found, key) != getattr(spec, key):
            raise ModelError(f"the model's input has {key} {getattr(found, key)}, its manifest {getattr(spec, key)}")
    labels = check_labels(manifest.labels, count_outputs(runtime))
    classifier = Classifier(runtime, labels, spec, manifest.decision, activation=manifest.output.activation)
    return LoadedModel(classifier, manifest.name, manifest.version, (bundle.golden(), manifest.golden))


def from_tflite(model: bytes, name: str, labels: tuple[str, ...] | None = None, threads: int = 1) -> LoadedModel:
    """Loads a TFLite file of any maker.

    Args:
        model: The file's content.
        name: What to call it.
        labels: One for each output; without them, those inside the file are used.
        threads: CPU threads, 1 or more.

    Raises:
        InferError: It is no image classifier, does not run here, or has no labels that fit.
    """
    runtime = load_runtime(model, threads)
    spec, metadata = image_input(runtime), read_metadata(model)
    chosen = check_labels(labels or metadata.labels, count_outputs(runtime))
    normalization, notes = _normalization(spec.dtype, metadata)
    classifier = Classifier(runtime, chosen, spec, Decision(), normalization)
    return LoadedModel(classifier, name, "0.0.0", notes=notes)


def _normalization(dtype: str, metadata: ModelMetadata) -> tuple[Normalization | None, tuple[str, ...]]:
    if dtype != "float32":
        return None, ()
    if metadata.mean and metadata.std and 0.0 not in metadata.std:
        return Normalization(metadata.mean, metadata.std), ()
    return Normalization(), (
        "the float model does not say how its input is normalized; (pixel - 127.5) / 127.5 is assumed",
    )
