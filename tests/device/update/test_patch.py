"""Which patch is taken, and that nothing but the signed bundle comes of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.attacks.registry import bundle, digest

from sagui.device.errors import DistrustError
from sagui.device.store.filesystem import RealFilesystem
from sagui.device.update.fetch import Signed
from sagui.device.update.patch import Worth, choose, rebuild, settle
from sagui.registry import Patch
from sagui.registry.patch import make_patch

OLD = bundle(1)
NEW = OLD[:20_000] + b"a new head" + OLD[20_000:]
WANTED = Signed("pets/pets-1.1.0.sagui", digest(NEW), len(NEW))
ENOUGH = Worth(fetch_bytes=len(NEW), memory_bytes=1 << 20)


def patch_of(old: bytes, size: int) -> Patch:
    return Patch(of=digest(old), path="pets/x.zst", bytes=size)


def test_the_smallest_patch_that_fits_is_taken() -> None:
    patches = [patch_of(b"another", 1), patch_of(OLD, 300), patch_of(OLD, 200)]
    assert choose(patches, digest(OLD), len(OLD), WANTED, ENOUGH) == patches[2]


@pytest.mark.parametrize("size", [0, len(NEW), len(NEW) + 1])
def test_a_patch_that_saves_nothing_is_not_taken(size: int) -> None:
    assert choose([patch_of(OLD, size)], digest(OLD), len(OLD), WANTED, ENOUGH) is None


def test_a_patch_is_not_taken_when_less_is_left_of_the_whole() -> None:
    nearly = Worth(fetch_bytes=150, memory_bytes=1 << 20)
    assert choose([patch_of(OLD, 200)], digest(OLD), len(OLD), WANTED, nearly) is None
    assert choose([patch_of(OLD, 100)], digest(OLD), len(OLD), WANTED, nearly) is not None


def test_two_bundles_that_do_not_fit_in_memory_are_not_patched() -> None:
    little = Worth(fetch_bytes=len(NEW), memory_bytes=len(OLD) + len(NEW) - 1)
    assert choose([patch_of(OLD, 200)], digest(OLD), len(OLD), WANTED, little) is None


def test_a_patch_makes_the_bundle() -> None:
    assert rebuild(OLD, make_patch(OLD, NEW), WANTED) == NEW


@given(st.binary(max_size=200))
def test_anything_else_makes_nothing(patch: bytes) -> None:
    with pytest.raises(DistrustError, match=r"pets-1\.1\.0"):
        rebuild(OLD, patch, WANTED)


def test_a_good_patch_to_another_bundle_of_the_same_length_is_refused() -> None:
    with pytest.raises(DistrustError, match="hash mismatch"):
        rebuild(OLD, make_patch(OLD, NEW[::-1]), WANTED)


def test_what_was_made_is_settled_whole(tmp_path: Path) -> None:
    to = tmp_path / "pets.sagui"
    settle(RealFilesystem(), NEW, to)
    assert [path.name for path in tmp_path.iterdir()] == ["pets.sagui"]
    assert to.read_bytes() == NEW
