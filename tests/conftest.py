"""Photos, models, brokers: what several tests stand on."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, settings

from sagui.bundle import Manifest, encode_golden, measure, write_bundle
from sagui.bundle.golden import Golden
from sagui.bundle.manifest import Decision, GoldenSpec, InputSpec, Metrics, OutputSpec, Quantization, Training
from sagui.infer.load import from_tflite

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A shell has what it starts in the background ignore Ctrl-C, and programs inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test asserts a time: on a busy machine a single example may take seconds.
# Where a change is judged, all changes are judged by the same examples; everywhere else they are new each time.
settings.register_profile(
    "sagui",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("SAGUI_REQUIRE_PROGRAMS")),
)
settings.load_profile("sagui")

ROOT = Path(__file__).parents[1]
TOY_LABELS = ("red", "green", "blue")
TOY_SIDE = 16


def require_program(name: str) -> str:
    """The program's path; without it, a skip on a user's machine and a failure in CI."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        reason = f"{name} is not installed: apt-get install {name}"
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def _ports() -> Iterator[int]:
    """Ports below those that systems hand out by themselves, others for each worker of a run."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    # From anywhere, for the sake of another run on this machine.
    numbers = deque(range(10_100 + worker, 32_000, workers))
    numbers.rotate(secrets.randbelow(len(numbers)))
    return cycle(numbers)


_PORTS = _ports()


def free_port() -> int:
    """A port of the loopback; until it is used, nobody is given it who asks for any port."""
    return next(filter(_is_free, _PORTS))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> bool:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


class Mosquitto:
    """A real broker on a free port of the loopback, which can be stopped and started again."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert wait_until(lambda: answers(self.port)), "mosquitto does not answer"
        assert self._process.poll() is None, "another program has its port"

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def stopped_mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(require_program("mosquitto"), tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def mosquitto(stopped_mosquitto: Mosquitto) -> Mosquitto:
    stopped_mosquitto.start()
    return stopped_mosquitto


def draw_shape(kind: str, rng: np.random.Generator, side: int = 72) -> npt.NDArray[np.uint8]:
    """A filled disc or square of random colour, size and place on a dark, noisy ground."""
    picture = rng.integers(0, 60, (side, side, 3), dtype=np.uint8)
    x, y = (int(at) for at in rng.integers(side // 3, 2 * side // 3, 2))
    reach = int(rng.integers(side // 6, side // 4))
    colour = tuple(int(part) for part in rng.integers(140, 255, 3))
    if kind == "disc":
        cv2.circle(picture, (x, y), reach, colour, -1)
    else:
        cv2.rectangle(picture, (x - reach, y - reach), (x + reach, y + reach), colour, -1)
    return picture


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty photos in two class folders: discs and squares."""
    root = tmp_path_factory.mktemp("photos") / "shapes"
    rng = np.random.default_rng(7)
    for kind in ("disc", "square"):
        (root / kind).mkdir(parents=True)
        for number in range(30):
            cv2.imwrite(str(root / kind / f"{kind}{number:02d}.png"), draw_shape(kind, rng))
    return root


@pytest.fixture(scope="session")
def toy_tflite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A classifier of 16 x 16 photos by their strongest colour, in full int8.

    Where TensorFlow is not, it comes from the folder that `tests.lean` made where it is.
    """
    if given := os.environ.get("SAGUI_TEST_MODELS"):
        return (Path(given) / "toy.tflite").read_bytes()
    return convert_toy(tmp_path_factory.mktemp("toy"))


def convert_toy(folder: Path) -> bytes:
    """Builds what `toy_tflite` gives; needs TensorFlow."""
    import keras

    from sagui.convert.calibrate import representative
    from sagui.convert.export import convert_saved_model, export_saved_model
    from sagui.convert.modes import MODES
    from sagui.convert.quantize import Quantizer

    inputs = keras.Input((TOY_SIDE, TOY_SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(inputs))
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Model(inputs, dense(pooled))
    dense.set_weights([8 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    export_saved_model(model, folder / "saved", "float32")
    photos = representative([plain_photo(label) for label in TOY_LABELS])
    return convert_saved_model(folder / "saved", Quantizer(MODES["int8"], calibration=photos), folder / "log.txt")


def plain_photo(label: str, side: int = TOY_SIDE) -> npt.NDArray[np.uint8]:
    """A photo of one colour, RGB."""
    photo = np.full((side, side, 3), 30, np.uint8)
    photo[..., TOY_LABELS.index(label)] = 220
    return photo


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six photos, each of one colour, named by it."""
    folder = tmp_path_factory.mktemp("colours")
    for number in range(6):
        label = TOY_LABELS[number % 3]
        cv2.imwrite(str(folder / f"{number}-{label}.png"), plain_photo(label, 40)[..., ::-1])
    return folder


def toy_manifest(**changes: object) -> Manifest:
    """A manifest that fits `toy_tflite`."""
    truth = np.arange(30) % 3
    measured = measure(truth, truth, TOY_LABELS)
    fields: dict[str, object] = {
        "name": "toy",
        "version": "1.2.3",
        "created": "2026-01-02T03:04:05Z",
        "labels": TOY_LABELS,
        "input": InputSpec(height=TOY_SIDE, width=TOY_SIDE),
        "output": OutputSpec(scale=1 / 256),
        "decision": Decision(threshold=0.5),
        "quantization": Quantization(mode="int8", calibration=32),
        "metrics": Metrics(float=measured, exported=measured),
        "training": Training(
            backbone="toy",
            weights="none",
            dataset="colours",
            dataset_fingerprint="0" * 64,
            recipe_digest="1" * 64,
            versions={"sagui": "0"},
        ),
        "golden": GoldenSpec(count=3, tolerance=0, unit="steps"),
    }
    return Manifest(**(fields | changes))  # type: ignore[arg-type]


def toy_golden(model: bytes) -> Golden:
    runtime = from_tflite(model, "toy", TOY_LABELS).classifier.runtime
    frames = np.stack([plain_photo(label) for label in TOY_LABELS])
    return Golden(frames, np.stack([runtime.invoke(frame).reshape(-1) for frame in frames]))


def toy_entries(model: bytes) -> dict[str, bytes]:
    return {
        "model.tflite": model,
        "golden.npz": encode_golden(toy_golden(model)),
        "report.json": b"{}",
        "report.html": b"<p>toy</p>",
        "README.md": b"# toy\n",
    }


@pytest.fixture(scope="session")
def toy_bundle(toy_tflite: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundle"), toy_manifest(), toy_entries(toy_tflite))


def sagui(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "sagui.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | environment,
        timeout=280,
        check=False,
    )


# The functions above, for tests: test files are no package that could import them.


@pytest.fixture(scope="session")
def run_sagui() -> Callable[..., subprocess.CompletedProcess[str]]:
    return sagui


@pytest.fixture(scope="session")
def make_manifest() -> Callable[..., Manifest]:
    return toy_manifest


@pytest.fixture(scope="session")
def bundle_entries(toy_tflite: bytes) -> dict[str, bytes]:
    return toy_entries(toy_tflite)


@pytest.fixture(scope="session")
def make_photo() -> Callable[..., npt.NDArray[np.uint8]]:
    return plain_photo


@pytest.fixture(scope="session")
def eventually() -> Callable[..., bool]:
    return wait_until


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    return require_program


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shapes_run(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on `shapes`: a probe and two fine-tuned blocks, on small photos."""
    from sagui.train.datasets import open_dataset
    from sagui.train.pipeline import train
    from sagui.train.recipe.choices import InputChoice, Recipe, TrainingChoice

    folder = tmp_path_factory.mktemp("runs")
    recipe = Recipe(
        input=InputChoice(size=64),
        seed=3,
        training=TrainingChoice(blocks=2, head="probe", epochs=3, batch_size=8),
    )
    train(open_dataset(str(shapes)), recipe, folder / "shapes", folder / "cache")
    return folder / "shapes"


@pytest.fixture(scope="session")
def shapes_bundle(shapes_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of `shapes_run`; with 14 test photos, one that changes sides is 7 points."""
    from sagui.convert.gate import Budget
    from sagui.convert.pipeline import Options, convert

    options = Options(name="shapes", calibration=20, budget=Budget(overall=15.0))
    return convert(shapes_run, tmp_path_factory.mktemp("bundles"), options).path
