"""The model that is evaluated, as something that can travel to where photos are scored."""

import hashlib
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from sagui.bundle.manifest import Manifest
from sagui.bundle.read import decode_bundle, is_bundle, read_bundle
from sagui.convert.errors import ConvertError
from sagui.infer.errors import InferError
from sagui.infer.labels import read_labels
from sagui.infer.load import LoadedModel, from_bundle, from_tflite, load_model


@dataclass(frozen=True)
class SharedModel:
    """A model file, equal to another when it would be loaded alike.

    Attributes:
        name: The file's, without its suffix.
        digest: The SHA-256 of the content.
        bundle: Whether it is a bundle, and no bare TFLite file.
        labels: What a person named the outputs of a TFLite file.
        threads: CPU threads for the network.
        learned_from: What a bundle calls the photos it was made with; empty for a bare file, which does not tell.
        content: The file.
    """

    name: str
    digest: str
    bundle: bool
    labels: tuple[str, ...] | None
    threads: int
    learned_from: str
    content: bytes = field(compare=False, repr=False)

    def load(self) -> LoadedModel:
        """Loads it, once in a process.

        Raises:
            InferError: It does not run here.
        """
        return _load(self)


@lru_cache(maxsize=1)
def _load(model: SharedModel) -> LoadedModel:
    if model.bundle:
        return from_bundle(decode_bundle(model.content), model.threads)
    return from_tflite(model.content, model.name, model.labels, model.threads)


def read_model(path: Path, labels: Path | None = None, threads: int = 1) -> SharedModel:
    """Reads a bundle or a TFLite image classifier, and makes sure that it runs.

    Args:
        path: The file.
        labels: A text file with a label a line, for a TFLite file.
        threads: CPU threads for the network.

    Raises:
        BundleError: The bundle is damaged or not readable.
        InferError: The model does not run here, or its labels do not fit.
        ConvertError: It gives several labels, has its own already, or crashes the runtime.
    """
    bundle = is_bundle(path)
    learned_from = _check_bundle(path, labels).training.dataset if bundle else ""
    _survive(path, labels, threads)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    given = read_labels(labels) if labels else None
    return SharedModel(path.stem, digest, bundle, given, threads, learned_from, content)


def _check_bundle(path: Path, labels: Path | None) -> Manifest:
    manifest = read_bundle(path).manifest
    if manifest.task != "single-label":
        raise ConvertError(f"{path}: gives several labels for a photo; only bundles that give one can be evaluated")
    if labels is not None:
        raise ConvertError(f"{path}: a bundle has its labels inside; leave --labels out, it is for TFLite files")
    return manifest


def _survive(path: Path, labels: Path | None, threads: int) -> None:
    """Uses the model in a process of its own: a runtime may take the whole process down with a broken model."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            pool.submit(use_once, path, labels, threads).result()
        except BrokenProcessPool as error:
            raise ConvertError(
                f"{path}: the runtime crashes on this model, so the file is damaged or was converted wrong; convert it "
                f"again, or look into it with: sagui inspect {path}"
            ) from error


def use_once(path: Path, labels: Path | None, threads: int) -> None:
    """Runs a model on a black photo.

    Raises:
        BundleError: The bundle is damaged or not readable.
        InferError: The model does not run here, or its labels do not fit.
    """
    classifier = load_model(path, labels, threads).classifier
    try:
        classifier.classify(np.zeros((classifier.spec.height, classifier.spec.width, 3), np.uint8))
    except InferError as error:
        raise type(error)(f"{path}: {error}") from error
