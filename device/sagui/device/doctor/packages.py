"""The packages that the agent stands on, and what runs models."""

import re
from dataclasses import dataclass

from sagui.device.doctor.probe import Probed, run_probe
from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine

PACKAGES = {
    "numpy": ("numpy", (1, 26)),
    "cv2": ("opencv-python-headless", (4, 10)),
    "paho.mqtt": ("paho-mqtt", (2, 1)),
    "msgspec": ("msgspec", (0, 19)),
    "flatbuffers": ("flatbuffers", (24, 3)),
}
"""Module, the package that brings it, and the oldest version that will do: as in pyproject.toml."""

RUNTIMES = ("litert", "tflite_runtime")
"""Modules of `sagui.infer.runtimes` that a device may have."""

_DISTRIBUTIONS = {"litert": "ai-edge-litert", "tflite_runtime": "tflite-runtime", "tensorflow": "tensorflow"}
_MISSING = "No module named"
_APT = "/dist-packages/"
_LITERT = "pip install ai-edge-litert"
_NUMPY_1 = "pip install 'numpy>=1.26,<2' 'opencv-python-headless<4.12'"


@dataclass(frozen=True)
class Package:
    """A package as it is imported.

    Attributes:
        version: As it calls itself; empty where it does not.
        file: Where it was imported from.
        error: Why it cannot be imported; empty when it can.
    """

    version: str = ""
    file: str = ""
    error: str = ""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers.

        >>> Package("4.11.0.86rc1").numbers
        (4, 11, 0, 86)
        """
        return tuple(int(part) for part in re.findall(r"(?:^|\.)([0-9]+)", self.version))

    @property
    def from_apt(self) -> bool:
        """Whether it is the system's, seen through a virtual environment with ``--system-site-packages``."""
        return _APT in self.file


def ask_packages(machine: Machine) -> dict[str, Package]:
    """Imports each package in a process of its own."""
    probed = {module: run_probe(machine, "import", module) for module in PACKAGES}
    return {
        module: Package(str(one.values.get("version", "")), str(one.values.get("file", "")), one.error)
        for module, one in probed.items()
    }


def ask_runtimes(machine: Machine) -> dict[str, Probed]:
    """Has each runtime run a small network, in a process of its own; TensorFlow's only when none lighter does."""
    tried = {name: run_probe(machine, "runtime", name) for name in RUNTIMES}
    if all(one.error for one in tried.values()):
        tried["tensorflow"] = run_probe(machine, "runtime", "tensorflow")
    return tried


def check_packages(packages: dict[str, Package]) -> list[Finding]:
    """Looks for packages that are missing, broken or too old."""
    findings = []
    for module, package in packages.items():
        name, oldest = PACKAGES[module]
        finding = _check_one(name, oldest, package)
        if finding:
            findings.append(finding)
    findings += _check_opencv(packages)
    if findings:
        return findings
    listed = ", ".join(f"{PACKAGES[module][0]} {package.version}".strip() for module, package in packages.items())
    return [ok("packages", listed)]


def _check_one(name: str, oldest: tuple[int, ...], package: Package) -> Finding | None:
    wanted = ".".join(map(str, oldest))
    if package.error:
        return failed("packages", f"{name} cannot be imported: {package.error}", f"pip install '{name}>={wanted}'")
    if not package.numbers or package.numbers >= oldest:
        return None
    mend = f"pip install '{name}>={wanted}'"
    if package.from_apt:
        if name == "numpy":
            # numpy 2 would break apt's simplejpeg, and with it picamera2.
            mend = _NUMPY_1
        return failed("packages", f"apt's {name} {package.version} shows through; sagui needs {wanted} or newer", mend)
    return failed("packages", f"{name} is {package.version}; sagui needs {wanted} or newer", mend)


def _check_opencv(packages: dict[str, Package]) -> list[Finding]:
    """OpenCV of 4.12 and later asks for numpy 2."""
    numpy, opencv = packages.get("numpy", Package()), packages.get("cv2", Package())
    if numpy.numbers[:1] != (1,) or opencv.numbers < (4, 12):
        return []
    text = f"opencv {opencv.version} asks for numpy 2, here is {numpy.version}: the next pip install may replace it"
    return [warning("packages", text, _NUMPY_1)]


def check_runtimes(tried: dict[str, Probed], packages: dict[str, Package], mend: str = _LITERT) -> list[Finding]:
    """Looks at what runs models, and whether numpy and OpenCV fit it.

    Args:
        tried: What `ask_runtimes` found.
        packages: What `ask_packages` found.
        mend: What to do where no runtime is installed.
    """
    working = [str(one.values.get("name", name)) for name, one in tried.items() if not one.error]
    why = {name: _reason(one.error) for name, one in tried.items() if one.error}
    numpy = packages.get("numpy", Package())
    unpaired = numpy.numbers >= (2,) and _MISSING not in why.get("tflite_runtime", _MISSING)
    if unpaired:
        why["tflite_runtime"] = f"it needs numpy 1, here is {numpy.version}"
    if not working:
        answers = "; ".join(f"{_DISTRIBUTIONS[name]}: {reason}" for name, reason in why.items())
        return [failed("runtime", f"none runs models here ({answers})", _NUMPY_1 if unpaired else mend)]
    findings = [ok("runtime", f"{name} runs models") for name in working]
    for name, reason in why.items():
        if _MISSING not in reason:
            text = f"{_DISTRIBUTIONS[name]} is installed and cannot run: {reason}"
            findings.append(warning("runtime", text, f"pip uninstall {_DISTRIBUTIONS[name]}"))
    return findings


def _reason(error: str) -> str:
    """The runtime's own words, without those of `choose` around them."""
    found = re.search(r"works here \([a-z-]+: (.*)\); install one", error)
    return found.group(1) if found else error
