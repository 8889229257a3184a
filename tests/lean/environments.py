"""What a device installs, without what the workstation has: environments named by pyproject.toml itself."""

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.interop.environments import Program

ROOT = Path(__file__).parents[2]
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# What the tests import beside sagui: amqtt is a broker; the others read what we write as their users do.
_TOOLS = {"amqtt", "hypothesis", "jinja2", "jsonschema", "pillow", "pytest", "pytest-timeout"}
_UNNAMED = ("prometheus-client>=0.20",)  # among what Ray brings


def package(requirement: str) -> str:
    """The name in a requirement: ``"numpy<2; sys_platform == 'linux'"`` is of ``"numpy"``."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _named(requirements: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(each for each in requirements if package(each) in wanted)


BASE: tuple[str, ...] = tuple(_PROJECT["dependencies"])
_EXTRAS: dict[str, list[str]] = _PROJECT["optional-dependencies"]

LITERT = Program("lean-litert", BASE)
"""``pip install sagui``, and nothing else."""

TFLITE_RUNTIME = Program(
    "lean-tflite-runtime",
    (
        *(each for each in BASE if package(each) != "ai-edge-litert"),
        *_EXTRAS["tflite-runtime"],
        *_EXTRAS["update"],
        *_named(_EXTRAS["dev"] + _EXTRAS["demo"] + _EXTRAS["train"], _TOOLS),
        *_UNNAMED,
    ),
)
"""``sagui[tflite-runtime,update]`` without LiteRT, which would be chosen first, and with what the tests need."""


def source_path(folder: Path) -> str:
    """For PYTHONPATH: the sources as they stand, so that environments can be kept while the sources change.

    Args:
        folder: Gets what pip would leave beside them, from which sagui knows its version.
    """
    version = str(_PROJECT["version"])
    about = folder / f"sagui-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: sagui\nVersion: {version}\n")
    stages = [ROOT / stage for stage in ("core", "train", "convert", "device", "deploy")]
    return os.pathsep.join(map(str, [*stages, folder]))
