"""A bundle is read back as it was written, or refused with a reason."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagui.bundle import Bundle, BundleError, Manifest, decode_bundle, encode_bundle, read_bundle, write_bundle
from sagui.bundle.archive import MAX_ENTRIES, pack, unpack
from sagui.bundle.golden import Golden, decode_golden, encode_golden
from sagui.bundle.manifest import check_name

MakeManifest = Callable[..., Manifest]


@pytest.fixture
def content(toy_bundle: Path) -> bytes:
    return toy_bundle.read_bytes()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_manifest(content: bytes, **changes: object) -> bytes:
    entries = parts(content)
    manifest = json.loads(entries["manifest.json"]) | changes
    return pack(entries | {"manifest.json": json.dumps(manifest).encode()})


def test_what_is_written_is_read(toy_bundle: Path, bundle_entries: dict[str, bytes]) -> None:
    bundle = read_bundle(toy_bundle)
    assert toy_bundle.name == "toy-1.2.3.sagui"
    assert bundle.entries == bundle_entries
    assert bundle.manifest.labels == ("red", "green", "blue")
    assert bundle.golden().frames.shape == (3, 16, 16, 3)


def test_the_same_inputs_give_the_same_bytes(make_manifest: MakeManifest, bundle_entries: dict[str, bytes]) -> None:
    shuffled = dict(reversed(bundle_entries.items()))
    assert encode_bundle(make_manifest(), bundle_entries) == encode_bundle(make_manifest(), shuffled)


def test_entries_are_stored_and_the_manifest_comes_first(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist()[0] == "manifest.json"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_byte_is_refused_or_changes_nothing(content: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = bytearray(content)
    changed[at] ^= flip
    try:
        bundle = decode_bundle(bytes(changed))
    except BundleError:
        return
    # A byte of the zip's own bookkeeping, such as a date: what is in the bundle is what was put there.
    assert bundle == decode_bundle(content)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999))
def test_a_truncated_bundle_is_refused(content: bytes, share: float) -> None:
    with pytest.raises(BundleError):
        decode_bundle(content[: int(share * len(content))])


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(BundleError):
        decode_bundle(noise)


def test_a_changed_model_is_named(content: bytes) -> None:
    entries = parts(content)
    entries["model.tflite"] = entries["model.tflite"][:-1] + b"?"
    with pytest.raises(BundleError, match=r"'model.tflite' is not the one the manifest describes"):
        decode_bundle(pack(entries))


def test_a_newer_schema_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(BundleError, match=r"schema 2, this sagui reads schema 1; update sagui"):
        decode_bundle(with_manifest(content, schema=2, something_new={"a": 1}))


@pytest.mark.parametrize("name", ["../model.tflite", "/etc/cron.d/x", "a/../../b", "..\\x", "C:x", "a//b", "a/"])
def test_a_name_that_leaves_the_bundle_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(BundleError, match="leaves the bundle"):
        decode_bundle(pack(parts(content) | {name: b"x"}))


def test_a_compressed_entry_is_refused(content: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts(content).items():
            archive.writestr(name, data)
    with pytest.raises(BundleError, match="compressed"):
        decode_bundle(buffer.getvalue())


def test_an_entry_twice_is_refused(content: bytes) -> None:
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("model.tflite", b"another")
    with pytest.raises(BundleError, match="twice"):
        decode_bundle(buffer.getvalue())


def test_too_many_entries_are_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match=f"at most {MAX_ENTRIES}"):
        decode_bundle(pack(parts(content) | {f"x{number}": b"" for number in range(MAX_ENTRIES)}))


def test_an_entry_the_manifest_does_not_know_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match=r"differ in extra.bin"):
        decode_bundle(pack(parts(content) | {"extra.bin": b"x"}))


def test_a_missing_entry_is_refused(content: bytes) -> None:
    entries = parts(content)
    del entries["golden.npz"]
    with pytest.raises(BundleError, match=r"differ in golden.npz"):
        decode_bundle(pack(entries))


def test_a_zip_of_something_else_is_refused() -> None:
    with pytest.raises(BundleError, match=r"no manifest.json"):
        decode_bundle(pack({"photo.jpg": b"x"}))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"labels": ["one"]}, "labels"),
        ({"labels": ["one", "one", "two"]}, "twice"),
        ({"name": "No Spaces"}, "name"),
        ({"version": "1"}, "version"),
        ({"golden": {"count": 3, "tolerance": -1, "unit": "steps"}}, "tolerance"),
        ({"decision": {"threshold": 2}}, "threshold"),
    ],
)
def test_a_wrong_key_is_named(content: bytes, changes: dict[str, object], where: str) -> None:
    with pytest.raises(BundleError, match=rf"manifest.json: .*{where}"):
        decode_bundle(with_manifest(content, **changes))


@pytest.mark.parametrize(
    "manifest",
    [b'{"schema": 1, "name": "\x95"}', b'{"\x95": 0, "schema": 1}', b'{"schema": 1, "x": ' + b"[" * 100_000, b"\xff"],
    ids=["no text", "no text for a key", "deep", "a byte"],
)
def test_a_manifest_of_any_bytes_is_refused_in_one_line(content: bytes, manifest: bytes) -> None:
    with pytest.raises(BundleError, match=r"^manifest.json: [^\n]+$"):
        decode_bundle(pack(unpack(content) | {"manifest.json": manifest}))


def test_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere.sagui: cannot be read: No such file"):
        read_bundle(tmp_path / "nowhere.sagui")


def test_golden_frames_that_do_not_fit_are_never_written(
    tmp_path: Path, make_manifest: MakeManifest, bundle_entries: dict[str, bytes]
) -> None:
    golden = Golden(np.zeros((3, 8, 8, 3), np.uint8), np.zeros((3, 3), np.uint8))
    with pytest.raises(BundleError, match="do not fit"):
        write_bundle(tmp_path, make_manifest(), bundle_entries | {"golden.npz": encode_golden(golden)})
    assert not list(tmp_path.iterdir())


def test_golden_frames_never_unpickle() -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([object()], dtype=object), allow_pickle=True)
    evil = pack({"frames.npy": buffer.getvalue(), "outputs.npy": buffer.getvalue()})
    with pytest.raises(BundleError, match="not golden frames"):
        decode_golden(evil)


def test_golden_frames_that_claim_more_than_there_is_are_refused() -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"shape": (10**6, 224, 224, 3), "fortran_order": False, "descr": "|u1"}
    )
    bomb = pack({"frames.npy": buffer.getvalue(), "outputs.npy": buffer.getvalue()})
    with pytest.raises(BundleError, match="does not fit its entry"):
        decode_golden(bomb)


def test_a_full_disk_leaves_nothing(
    toy_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_manifest: MakeManifest
) -> None:
    bundle: Bundle = read_bundle(toy_bundle)
    old = tmp_path / "toy-1.2.3.sagui"
    old.write_bytes(b"the old one")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_bundle(tmp_path, make_manifest(), bundle.entries)
    assert [path.name for path in tmp_path.iterdir()] == ["toy-1.2.3.sagui"]
    assert old.read_bytes() == b"the old one"


@pytest.mark.parametrize(("name", "version"), [("Big", "1.0.0"), ("", "1.0.0"), ("ok", "1.0"), ("ok", "v1.0.0")])
def test_names_that_cannot_be_used_are_refused(name: str, version: str) -> None:
    with pytest.raises(BundleError, match="cannot be used"):
        check_name(name, version)


def test_the_manifest_is_plain_json(content: bytes) -> None:
    manifest = msgspec.json.decode(parts(content)["manifest.json"])
    assert manifest["metrics"]["float"]["accuracy"]["value"] == 1.0
    assert set(manifest["files"]) == {"model.tflite", "golden.npz", "report.json", "report.html", "README.md"}
