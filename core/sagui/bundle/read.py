"""Reading a bundle, which is never trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sagui.bundle.archive import MAX_BYTES, digest, unpack
from sagui.bundle.errors import BundleError
from sagui.bundle.golden import ENTRY as GOLDEN
from sagui.bundle.golden import Golden, decode_golden
from sagui.bundle.manifest import Manifest, decode_manifest

MANIFEST = "manifest.json"
MODEL = "model.tflite"
EDGETPU_MODEL = "model_edgetpu.tflite"
"""Optional: the same network, compiled for the Edge TPU."""
REQUIRED = (MODEL, GOLDEN, "report.json", "report.html", "README.md")


@dataclass(frozen=True)
class Bundle:
    """A bundle of which every entry was checked against the manifest.

    Attributes:
        manifest: What it says about itself.
        entries: Every other entry by name.
    """

    manifest: Manifest
    entries: Mapping[str, bytes]

    @property
    def model(self) -> bytes:
        """The TFLite file."""
        return self.entries[MODEL]

    def golden(self) -> Golden:
        """The golden frames.

        Raises:
            BundleError: They are not what the manifest promises.
        """
        golden, spec = decode_golden(self.entries[GOLDEN]), self.manifest
        frame = (spec.input.height, spec.input.width, spec.input.channels)
        if golden.frames.shape != (spec.golden.count, *frame) or golden.outputs.shape[1] != len(spec.labels):
            raise BundleError(
                f"{GOLDEN}: frames {golden.frames.shape} and outputs {golden.outputs.shape} do not fit the manifest's "
                f"{spec.golden.count} frames of {frame} and {len(spec.labels)} labels"
            )
        return golden


def is_bundle(path: Path) -> bool:
    """Whether a file starts as a zip does. A TFLite file may end as one, because labels are appended to it."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def read_bundle(path: Path) -> Bundle:
    """Reads a bundle and checks every entry before any is used.

    Raises:
        BundleError: With the path, the entry and the reason.
    """
    try:
        return decode_bundle(_read_capped(path))
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def _read_capped(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BundleError(f"larger than {MAX_BYTES >> 20} MiB")
    return content


def decode_bundle(content: bytes) -> Bundle:
    """Does what `read_bundle` does, for bytes.

    Raises:
        BundleError: With the entry and the reason.
    """
    entries = unpack(content)
    if MANIFEST not in entries:
        raise BundleError(f"no {MANIFEST}: this is no bundle of sagui")
    manifest = decode_manifest(entries.pop(MANIFEST))
    for name in REQUIRED:
        if name not in manifest.files:
            raise BundleError(f"entry {name!r} is missing from the manifest")
    if odd := manifest.files.keys() ^ entries.keys():
        raise BundleError(f"the manifest and the archive differ in {', '.join(sorted(odd))}")
    for name, entry in manifest.files.items():
        if len(entries[name]) != entry.bytes or digest(entries[name]) != entry.sha256:
            raise BundleError(f"entry {name!r} is not the one the manifest describes (its SHA-256 differs)")
    return Bundle(manifest, entries)
