"""The wheel of sagui that travels on the card: `sagui` on PyPI is another project (docs/decisions/0018)."""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import Wheel

_MOST_SECONDS = 600
_LARGEST_BYTES = 64 << 20

Run = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


def read_wheel(path: Path) -> Wheel:
    """Reads a wheel of sagui that any Python can install.

    Raises:
        ProvisionError: It is none: no zip, no sagui, or built for one kind of processor.
    """
    parts = path.name.removesuffix(".whl").split("-")
    try:
        with zipfile.ZipFile(path) as archive:
            has_agent = "sagui/device/agent.py" in archive.namelist()
        content = path.read_bytes()
    except (OSError, zipfile.BadZipFile) as error:
        raise ProvisionError(f"{path}: no wheel: {error}") from error
    if not path.name.endswith("-none-any.whl") or len(parts) not in {5, 6} or not has_agent:
        raise ProvisionError(
            f"{path}: no wheel of sagui for every machine; it is called like sagui-0.1.0-py3-none-any.whl"
        )
    if len(content) > _LARGEST_BYTES:
        raise ProvisionError(f"{path}: larger than {_LARGEST_BYTES >> 20} MiB")
    return Wheel(path.name, content)


def build_wheel(run: Run | None = None, source: Path | None = None) -> Wheel:
    """Builds the wheel from the sources that this sagui runs from, by pip, which fetches the build backend.

    Args:
        run: Runs a command; a stand-in for tests.
        source: A folder with our ``pyproject.toml``; without one, where this sagui is installed from.

    Raises:
        ProvisionError: It is not installed from sources, or pip cannot build them.
    """
    folder = source or source_folder()
    with tempfile.TemporaryDirectory(prefix="sagui-wheel-") as out:
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", out, str(folder)]
        done = (run or _run)(command)
        wheels = sorted(Path(out).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it made no wheel"]
            raise ProvisionError(f"pip cannot build a wheel of {folder}: {last[0]}; build it elsewhere: --wheel FILE")
        return read_wheel(wheels[0])


def source_folder() -> Path:
    """Finds the sources that this sagui was installed from (PEP 610).

    Raises:
        ProvisionError: It came from elsewhere, or the sources are gone.
    """
    try:
        said = distribution("sagui").read_text("direct_url.json")
    except PackageNotFoundError:
        said = None
    url = urlsplit(json.loads(said)["url"]) if said else None
    folder = Path(unquote(url.path)) if url is not None and url.scheme == "file" else None
    if folder is None or not (folder / "pyproject.toml").is_file():
        raise ProvisionError("this sagui was not installed from a clone, to build a wheel from: name one, --wheel FILE")
    return folder


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)  # noqa: S603
