"""Packages that are missing, broken, too old, or do not fit each other."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sagui.device.doctor.packages import (
    PACKAGES,
    Package,
    ask_packages,
    ask_runtimes,
    check_packages,
    check_runtimes,
)
from sagui.device.doctor.probe import Probed
from sagui.device.doctor.report import Level

GOOD = {
    "numpy": Package("2.3.1", "/venv/site-packages/numpy/__init__.py"),
    "cv2": Package("4.12.0", "/venv/site-packages/cv2/__init__.py"),
    "paho.mqtt": Package("2.1.0", "/venv/site-packages/paho/mqtt/__init__.py"),
    "msgspec": Package("0.19.0", "/venv/site-packages/msgspec/__init__.py"),
    "flatbuffers": Package("24.3.25", "/venv/site-packages/flatbuffers/__init__.py"),
}
LITERT = Probed({"name": "litert 2.3.0"})
MISSING = Probed({}, "no TFLite runtime works here (x: No module named 'x'); install one: pip install ai-edge-litert")
NO_NUMPY_2 = Probed({}, "no TFLite runtime works here (tflite-runtime: _ARRAY_API not found); install one: pip ...")


def test_the_oldest_versions_are_those_of_the_project(root: Path) -> None:
    dependencies = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    wanted = dict(line.split(">=") for line in dependencies)
    for name, oldest in PACKAGES.values():
        assert wanted[name] == ".".join(map(str, oldest))


def test_what_fits_is_one_line() -> None:
    (finding,) = check_packages(GOOD)
    assert finding.level is Level.OK
    assert "numpy 2.3.1" in finding.text


def test_a_package_without_a_version_is_believed() -> None:
    assert check_packages(GOOD | {"flatbuffers": Package("", "x")})[0].level is Level.OK


@pytest.mark.parametrize(
    ("module", "package", "text", "mend"),
    [
        ("cv2", Package(error="No module named 'cv2'"), "cannot be imported", "pip install 'opencv-python-headless>="),
        ("msgspec", Package("0.18.6", "/x/msgspec"), "is 0.18.6; sagui needs 0.19", "pip install 'msgspec>=0.19'"),
        (
            "paho.mqtt",
            Package("1.6.1", "/usr/lib/python3/dist-packages/paho/mqtt/__init__.py"),
            "apt's paho-mqtt 1.6.1 shows through",
            "pip install 'paho-mqtt>=2.1'",
        ),
        (
            "numpy",
            Package("1.24.2", "/usr/lib/python3/dist-packages/numpy/__init__.py"),
            "apt's numpy 1.24.2 shows through",
            "pip install 'numpy>=1.26,<2' 'opencv-python-headless<4.12'",
        ),
    ],
)
def test_what_does_not_fit_fails_with_the_command_that_mends_it(
    module: str, package: Package, text: str, mend: str
) -> None:
    failures = [one for one in check_packages(GOOD | {module: package}) if one.level is Level.FAILED]
    assert len(failures) == 1
    assert text in failures[0].text
    assert failures[0].mend.startswith(mend)


def test_an_opencv_for_numpy_2_beside_numpy_1_is_a_warning() -> None:
    (finding,) = check_packages(GOOD | {"numpy": Package("1.26.4", "x")})
    assert finding.level is Level.WARNING
    assert "opencv-python-headless<4.12" in finding.mend
    fits = GOOD | {"numpy": Package("1.26.4", "x"), "cv2": Package("4.11.0.86", "x")}
    assert check_packages(fits)[0].level is Level.OK


def test_one_runtime_is_enough() -> None:
    (finding,) = check_runtimes({"litert": LITERT, "tflite_runtime": MISSING}, GOOD)
    assert (finding.level, finding.text) == (Level.OK, "litert 2.3.0 runs models")


def test_without_a_runtime_each_ones_answer_is_told() -> None:
    (finding,) = check_runtimes({"litert": MISSING, "tflite_runtime": MISSING}, GOOD)
    assert finding.level is Level.FAILED
    assert "ai-edge-litert: No module named 'x'; tflite-runtime: No module named 'x'" in finding.text
    assert finding.mend == "pip install ai-edge-litert"
    (other,) = check_runtimes({"litert": MISSING}, GOOD, "take another card")
    assert other.mend == "take another card"


def test_tflite_runtime_beside_numpy_2_is_to_be_paired() -> None:
    (alone,) = check_runtimes({"litert": MISSING, "tflite_runtime": NO_NUMPY_2}, GOOD)
    assert (alone.level, alone.mend) == (Level.FAILED, "pip install 'numpy>=1.26,<2' 'opencv-python-headless<4.12'")
    assert "tflite-runtime: it needs numpy 1, here is 2.3.1" in alone.text
    _, beside = check_runtimes({"litert": LITERT, "tflite_runtime": NO_NUMPY_2}, GOOD)
    assert beside.level is Level.WARNING
    assert "needs numpy 1, here is 2.3.1" in beside.text
    assert beside.mend == "pip uninstall tflite-runtime"


def test_a_runtime_that_crashes_is_told_apart_from_one_that_is_missing() -> None:
    crashed = Probed({}, "it crashes (SIGILL)", crashed=True)
    (alone,) = check_runtimes({"litert": crashed, "tflite_runtime": MISSING}, GOOD)
    assert "ai-edge-litert: it crashes (SIGILL)" in alone.text
    numpy_1 = GOOD | {"numpy": Package("1.26.4", "x")}
    _, beside = check_runtimes({"litert": LITERT, "tflite_runtime": crashed}, numpy_1)
    assert beside.text == "tflite-runtime is installed and cannot run: it crashes (SIGILL)"


def test_each_package_and_runtime_is_asked_in_its_own_process(tree: Any) -> None:
    tree.answer("runtime tflite_runtime", json.dumps({"name": "tflite-runtime 2.14.0"}))
    tree.answer("runtime litert", "", status=-4)
    tree.answer("import", json.dumps({"version": "9.9", "file": "/f"}))
    assert ask_packages(tree.machine)["cv2"] == Package("9.9", "/f")
    tried = ask_runtimes(tree.machine)
    assert tried["litert"].crashed
    assert not tried["tflite_runtime"].error
    assert "tensorflow" not in tried
    assert len(tree.asked) == len(PACKAGES) + 2


def test_tensorflow_is_tried_when_nothing_lighter_runs(tree: Any) -> None:
    tree.answer("runtime tensorflow", json.dumps({"name": "tensorflow 2.20.0"}))
    tree.answer("runtime", json.dumps({"error": "No module named 'x'"}))
    tried = ask_runtimes(tree.machine)
    assert check_runtimes(tried, GOOD)[0].text == "tensorflow 2.20.0 runs models"
