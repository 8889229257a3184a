"""Writing a bundle: all or nothing, and the same bytes for the same inputs."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from sagui.bundle.archive import digest, pack
from sagui.bundle.manifest import FileEntry, Manifest, encode_manifest
from sagui.bundle.read import MANIFEST, decode_bundle
from sagui.bundle.replace import write_bytes


def encode_bundle(manifest: Manifest, entries: Mapping[str, bytes]) -> bytes:
    """Packs a bundle, manifest first, then the entries by name.

    Args:
        manifest: Its ``files`` are filled in here.
        entries: Every entry but the manifest.

    Raises:
        BundleError: The result would not be read back; a bundle that cannot be read is never written.
    """
    files = {name: FileEntry(sha256=digest(content), bytes=len(content)) for name, content in sorted(entries.items())}
    whole = msgspec.structs.replace(manifest, files=files)
    content = pack({MANIFEST: encode_manifest(whole)} | dict(sorted(entries.items())))
    decode_bundle(content).golden()
    return content


def write_bundle(folder: Path, manifest: Manifest, entries: Mapping[str, bytes]) -> Path:
    """Writes ``NAME-VERSION.sagui`` into a folder.

    Returns:
        The path of the bundle.

    Raises:
        BundleError: See `encode_bundle`.
        OSError: The disk is full or the folder cannot be written; nothing is left behind.
    """
    content = encode_bundle(manifest, entries)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{manifest.name}-{manifest.version}.sagui"
    write_bytes(path, content)
    return path
