"""The wheel of the last card, taken again for the next."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.kept import default_place, fingerprint, kept_or_built
from sagui.deploy.provision.order import Wheel
from sagui.deploy.provision.wheel import read_wheel

PROJECT = """
[project]
readme = "README.md"
license-files = ["LICENSE"]
[tool.hatch.build.targets.wheel]
packages = ["core/sagui", "deploy/sagui"]
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    for package in ("core/sagui", "deploy/sagui"):
        (folder / package / "inner").mkdir(parents=True)
        (folder / package / "inner" / "code.py").write_text("x = 1\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "README.md").write_text("read\n")
    (folder / "LICENSE").write_text("may\n")
    return folder


@pytest.fixture
def build(wheel: Path) -> Callable[[], Wheel]:
    return lambda: read_wheel(wheel)


def never() -> Wheel:
    pytest.fail("it was built before")


def test_the_second_card_needs_no_build(source: Path, tmp_path: Path, build: Callable[[], Wheel]) -> None:
    place = tmp_path / "cache" / "wheels"
    first = kept_or_built(source, place, build)
    assert first == (build(), True)
    assert kept_or_built(source, place, never) == (build(), False)


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "README.md", "LICENSE", "core/sagui/inner/code.py", "deploy/sagui/new.html"]
)
def test_other_sources_are_built_anew_and_one_wheel_is_kept(
    source: Path, tmp_path: Path, build: Callable[[], Wheel], name: str
) -> None:
    place = tmp_path / "wheels"
    kept_or_built(source, place, build)
    path = source / name
    path.write_text((path.read_text() if path.exists() else "") + "\n# other\n")
    assert kept_or_built(source, place, build) == (build(), True)
    assert len(list(place.iterdir())) == 1


def test_a_file_that_was_renamed_makes_other_sources(source: Path) -> None:
    before = fingerprint(source)
    (source / "core/sagui/inner/code.py").rename(source / "core/sagui/inner/edoc.py")
    assert fingerprint(source) != before


def test_what_no_wheel_holds_makes_no_difference(source: Path) -> None:
    before = fingerprint(source)
    (source / "core/sagui/__pycache__").mkdir()
    (source / "core/sagui/__pycache__/code.cpython-311.pyc").write_bytes(b"x")
    (source / "tests").mkdir()
    (source / "tests" / "test.py").write_text("")
    assert fingerprint(source) == before


def test_a_broken_wheel_is_built_anew(source: Path, tmp_path: Path, build: Callable[[], Wheel]) -> None:
    place = tmp_path / "wheels"
    kept_or_built(source, place, build)
    (kept,) = place.rglob("*.whl")
    kept.write_bytes(kept.read_bytes()[:100])
    assert kept_or_built(source, place, build)[1]
    with zipfile.ZipFile(next(place.rglob("*.whl"))) as mended:
        assert mended.testzip() is None


def test_a_place_that_cannot_be_written_keeps_none(source: Path, tmp_path: Path, build: Callable[[], Wheel]) -> None:
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert kept_or_built(source, tmp_path / "file" / "wheels", build) == (build(), True)


def test_sources_that_are_gone_are_told(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match=r"sources cannot be read: .*--wheel FILE"):
        fingerprint(tmp_path)


def test_our_own_sources_have_all_that_is_asked_for(root: Path) -> None:
    assert len(fingerprint(root)) == 64


def test_the_place_is_the_users_cache() -> None:
    assert default_place({"HOME": "/home/me"}) == Path("/home/me/.cache/sagui/wheels")
    assert default_place({"HOME": "/home/me", "XDG_CACHE_HOME": "/c"}) == Path("/c/sagui/wheels")
