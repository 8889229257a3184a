"""The wheel that was built for the card before: as long as the sources are the same, the next needs no internet."""

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from sagui.bundle.replace import write_bytes
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import Wheel
from sagui.deploy.provision.wheel import read_wheel


def default_place(environment: Mapping[str, str]) -> Path:
    """Gives the folder of kept wheels.

    Args:
        environment: ``XDG_CACHE_HOME``, ``HOME``.
    """
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path(environment.get("HOME") or "/") / ".cache") / "sagui" / "wheels"


def kept_or_built(source: Path, place: Path, build: Callable[[], Wheel]) -> tuple[Wheel, bool]:
    """Gives the wheel of the sources, and whether it had to be built.

    Args:
        source: A folder with our ``pyproject.toml``.
        place: Where wheels are kept, one at a time; a place that cannot be written keeps none.
        build: Builds it.

    Raises:
        ProvisionError: The sources cannot be read, or it cannot be built.
    """
    folder = place / fingerprint(source)
    # One that is broken is built anew.
    with suppress(OSError, ProvisionError):
        for path in folder.iterdir():
            return read_wheel(path), False
    wheel = build()
    with suppress(OSError):
        shutil.rmtree(place, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        write_bytes(folder / wheel.file, wheel.content)
    return wheel, True


def fingerprint(source: Path) -> str:
    """Gives a SHA-256 of all that a wheel is built from: the packages, and what ``pyproject.toml`` names besides.

    Raises:
        ProvisionError: The sources cannot be read.
    """
    seen = sha256()
    try:
        for path in _parts(source):
            name, content = os.fsencode(path.relative_to(source)), path.read_bytes()
            # Lengths, so that no two trees give the same bytes.
            seen.update(f"{len(name)} {len(content)} ".encode() + name + content)
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ProvisionError(f"{source}: its sources cannot be read: {error}; name a wheel, --wheel FILE") from error
    return seen.hexdigest()


def _parts(source: Path) -> Iterator[Path]:
    project = source / "pyproject.toml"
    said = tomllib.loads(project.read_text("utf-8"))
    yield project
    yield from (source / name for name in (said["project"]["readme"], *said["project"]["license-files"]))
    for package in said["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        files = (path for path in (source / package).rglob("*") if path.is_file())
        yield from sorted(path for path in files if "__pycache__" not in path.parts)
