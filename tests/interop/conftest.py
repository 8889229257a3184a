"""Files as users have them, and the programs of others."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import keras
import pytest
from tests.interop.environments import MEDIAPIPE, TFLITE_RUNTIME, Program, ProgramMissingError, find_python
from tests.interop.networks import LABELS, SIDE, build_network, convert, entries_of, photos

from sagui.bundle import Manifest, write_bundle
from sagui.bundle.manifest import Decision, GoldenSpec, InputSpec, Quantization
from sagui.convert.modes import MODES, ModeName

BundleMaker = Callable[..., Path]


def required(program: Program) -> Path:
    """The program's Python; without it, a skip on a user's machine and a failure in CI."""
    try:
        return find_python(program)
    except ProgramMissingError as error:
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def mediapipe() -> Path:
    return required(MEDIAPIPE)


@pytest.fixture(scope="session")
def tflite_runtime() -> Path:
    return required(TFLITE_RUNTIME)


@pytest.fixture(scope="session")
def network() -> keras.Model:
    return build_network()


@pytest.fixture(scope="session")
def int8_file(network: keras.Model) -> bytes:
    return convert(network, "int8")


@pytest.fixture(scope="session")
def bundle_of(make_manifest: Callable[..., Manifest]) -> BundleMaker:
    def make(model: bytes, mode: ModeName, folder: Path) -> Path:
        how = MODES[mode]
        manifest = make_manifest(
            name=mode,
            labels=LABELS,
            input=InputSpec(height=SIDE, width=SIDE),
            decision=Decision(temperature=1.7),
            quantization=Quantization(mode=mode),
            golden=GoldenSpec(count=len(photos()), tolerance=how.golden_tolerance, unit=how.golden_unit),
        )
        return write_bundle(folder, manifest, entries_of(model))

    return make


@pytest.fixture(scope="session")
def photo_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The network's photos, of exactly its size: how another program resizes is not what is compared."""
    folder = tmp_path_factory.mktemp("exact")
    paths = [folder / f"{number}.png" for number in range(len(photos()))]
    for path, photo in zip(paths, photos(), strict=True):
        cv2.imwrite(str(path), photo[..., ::-1])
    return paths
