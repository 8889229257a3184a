"""The list of a model's versions."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.registry import Index, Patch, Published, RegistryError, bundle_path, decode_index, encode_index, model_of
from sagui.registry.index import LONGEST_BYTES

A, B = "a" * 64, "b" * 64


def published(version: str, sha256: str = A, *patches: Patch) -> Published:
    return Published(
        version=version,
        path=bundle_path("pets", version),
        sha256=sha256,
        bytes=1000,
        published="2026-11-21T04:07:02.329Z",
        patches=patches,
    )


INDEX = Index(
    model="pets",
    latest="1.1.0",
    versions=(published("1.0.0"), published("1.1.0", B, Patch(of=A, path="pets/a-b.zst", bytes=10))),
)


def test_a_list_is_read_as_it_was_written() -> None:
    assert decode_index(encode_index(INDEX)) == INDEX
    assert encode_index(INDEX) == encode_index(decode_index(encode_index(INDEX)))


def test_a_version_is_found_or_not() -> None:
    found = INDEX.find("1.1.0")
    assert found is not None
    assert found.sha256 == B
    assert INDEX.find("2.0.0") is None


def test_a_list_without_its_latest_is_refused() -> None:
    with pytest.raises(RegistryError, match=r"pets lacks its latest, 9\.0\.0"):
        decode_index(encode_index(msgspec.structs.replace(INDEX, latest="9.0.0")))


def test_a_list_that_is_too_long_is_not_read() -> None:
    with pytest.raises(RegistryError, match="are read at most"):
        decode_index(b" " * (LONGEST_BYTES + 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a list of versions"),
        (b"\xff", "not a list of versions"),
        (b"[" * 100_000, "not a list of versions"),
        (encode_index(INDEX).replace(b'"bytes": 1000', b'"bytes": -1'), "bytes"),
        (encode_index(INDEX).replace(A.encode(), b"../../etc/passwd"), "sha256"),
        (encode_index(INDEX).replace(b'"v": 1', b'"v": 2'), "v"),
    ],
)
def test_what_is_no_list_is_refused_with_the_key(content: bytes, words: str) -> None:
    with pytest.raises(RegistryError, match=words):
        decode_index(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(RegistryError):
        assert decode_index(content).versions


def test_a_target_tells_whose_it_is() -> None:
    assert model_of(bundle_path("pets", "1.0.0")) == "pets"
