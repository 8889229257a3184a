"""A patch leads from one bundle to the other, and never anywhere else."""

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.registry import RegistryError
from sagui.registry.patch import apply_patch, make_patch

OLD = np.random.default_rng(0).bytes(300_000)
NEW = OLD[:200_000] + b"a new head" * 50 + OLD[200_000:]
PATCH = make_patch(OLD, NEW)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=3000), st.binary(min_size=1, max_size=3000), st.sampled_from(["much", "none"]))
def test_a_patch_leads_to_the_new_bundle(old: bytes, other: bytes, how: str) -> None:
    new = old[: len(old) // 2] + other + old[len(old) // 2 :] if how == "much" else other
    assert apply_patch(old, make_patch(old, new), len(new)) == new


def test_the_same_two_bundles_give_the_same_patch() -> None:
    assert make_patch(OLD, NEW) == PATCH


def test_what_is_shared_costs_nothing() -> None:
    assert len(PATCH) < 300
    assert len(make_patch(OLD, OLD)) < 100


def test_what_is_far_apart_in_the_two_is_found() -> None:
    moved = OLD[150_000:] + OLD[:150_000]
    assert len(make_patch(OLD, moved)) < 300


def test_content_that_begins_like_a_trained_dictionary_is_content() -> None:
    old = (0xEC30A437).to_bytes(4, "little") + OLD
    assert apply_patch(old, make_patch(old, NEW), len(NEW)) == NEW


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"x" * 40,
        PATCH[:-1],
        PATCH[:60],
        PATCH + b"x",
        PATCH * 2,
        make_patch(OLD, OLD[:-1] + b"?"),
        zstandard.ZstdCompressor().compress(NEW[::-1]) + b"trailing",
    ],
)
def test_what_is_damaged_is_refused(damaged: bytes) -> None:
    with pytest.raises(RegistryError):
        apply_patch(OLD, damaged, len(NEW))


@given(st.integers(0, len(PATCH) - 1), st.integers(1, 255))
@settings(deadline=None)
def test_a_flipped_byte_is_noticed_or_harmless(at: int, by: int) -> None:
    patch = bytearray(PATCH)
    patch[at] ^= by
    try:
        made = apply_patch(OLD, bytes(patch), len(NEW))
    except RegistryError:
        return
    assert made == NEW


def test_the_patch_of_another_bundle_is_refused() -> None:
    with pytest.raises(RegistryError, match="cannot be applied"):
        apply_patch(OLD[::-1], PATCH, len(NEW))


def test_a_bomb_stops_at_what_was_signed() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 28))
    with pytest.raises(RegistryError, match="makes 268435456 bytes; 1000 were signed"):
        apply_patch(OLD, bomb, 1000)


def test_a_bomb_that_hides_its_size_is_refused() -> None:
    bomb = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 28))
    with pytest.raises(RegistryError, match="1000 were signed"):
        apply_patch(OLD, bomb, 1000)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    header = bytearray(zstandard.ZstdCompressor().compress(bytes(1 << 20)))
    at = bytes(header).index((1 << 20).to_bytes(4, "little"))
    header[at : at + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(RegistryError):
        apply_patch(OLD, bytes(header), 1000)


def test_a_window_of_gigabytes_is_not_given() -> None:
    """RFC 8878, 3.1.1: a frame of one repeated byte that asks for a window of 1 GiB."""
    window, length = bytes([(30 - 10) << 3]), (1000).to_bytes(4, "little")
    block = (1000 << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"x"
    frame = zstandard.FRAME_HEADER + b"\x80" + window + length + block
    with pytest.raises(RegistryError, match="asks for a window of 1073741824 bytes"):
        apply_patch(OLD, frame, 1000)


def test_there_is_no_patch_to_nothing() -> None:
    with pytest.raises(RegistryError, match="empty file"):
        make_patch(OLD, b"")
    with pytest.raises(RegistryError, match="0 were signed"):
        apply_patch(OLD, PATCH, 0)
