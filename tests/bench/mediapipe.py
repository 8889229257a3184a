"""Our classifier beside MediaPipe's, on the same file, photo and threads."""

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from tests.bench.network import LABELS, mobilenet_v2_int8
from tests.bench.rows import Row
from tests.interop.environments import MEDIAPIPE, clean_environment, find_python

from sagui.convert.metadata import add_metadata
from sagui.infer.classify import Classifier
from sagui.infer.load import load_model
from sagui.infer.preprocess import Photo, read_photo

# MediaPipe gives XNNPACK one thread on a desktop Linux, and its Python options cannot say otherwise
# (GetXnnpackDefaultNumThreads in mediapipe/calculators/tensor/inference_calculator_utils.cc).
_THREADS = 1
_TOP = 3
_WARMUP = 20
_SCRIPT = Path(__file__).parents[1] / "interop" / "mediapipe_time.py"


def classifier_vs_mediapipe(photos: int = 50, rounds: int = 40) -> Row:
    """A VGA photo to its best labels: resize, quantize, invoke, dequantize, sort; in milliseconds, medians.

    Args:
        photos: How often each classifies in a round.
        rounds: How many; both take turns, so that a noisy machine disturbs both alike.
    """
    with TemporaryDirectory() as folder:
        file, photo = Path(folder) / "model.tflite", Path(folder) / "photo.png"
        file.write_bytes(add_metadata(mobilenet_v2_int8(), "bench", "1.0.0", LABELS))
        cv2.imwrite(str(photo), _vga())
        classifier, pixels = load_model(file, threads=_THREADS).classifier, read_photo(photo)
        ours, theirs = list[float](), list[float]()
        with _mediapipe(file, photo) as ask:
            _times(classifier, pixels, _WARMUP)
            ask(_WARMUP)
            for _ in range(rounds):
                ours += _times(classifier, pixels, photos)
                theirs += ask(photos)
    against = f"MediaPipe {MEDIAPIPE.name.rpartition('-')[2]} ImageClassifier, one thread"
    return Row("classifier_vs_mediapipe", statistics.median(ours), "ms", against, statistics.median(theirs))


def _vga() -> Photo:
    """Colours that change slowly, with some noise: as a photo has."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    return np.asarray(np.clip(smooth + rng.integers(-8, 9, smooth.shape), 0, 255), np.uint8)


def _times(classifier: Classifier, photo: Photo, count: int) -> list[float]:
    times = []
    for _ in range(count):
        start = time.perf_counter()
        scores = classifier.classify(photo).scores
        [(classifier.labels[number], float(scores[number])) for number in np.argsort(-scores)[:_TOP]]
        times.append(1000 * (time.perf_counter() - start))
    return times


@contextmanager
def _mediapipe(file: Path, photo: Path) -> Iterator[Callable[[int], list[float]]]:
    """A process of MediaPipe's own environment; asked for a number of classifications, it gives their times in ms."""
    command = [find_python(MEDIAPIPE), _SCRIPT, file, photo]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=clean_environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def ask(count: int) -> list[float]:
            requests.write(f"{count}\n")
            requests.flush()
            return list(json.loads(answers.readline()))

        yield ask
        requests.close()
