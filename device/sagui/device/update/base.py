"""Which model the settings name, told without loading it."""

import zipfile
import zlib
from pathlib import Path

from sagui.bundle import BundleError
from sagui.bundle.manifest import decode_manifest
from sagui.bundle.read import MANIFEST, is_bundle
from sagui.device.update.boot import Base

_LARGEST_MANIFEST_BYTES = 1 << 20
_DAMAGED = (OSError, EOFError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, BundleError)


def read_base(path: Path) -> Base:
    """Finds out which model the settings name, from its manifest alone: all of it is checked when it is loaded.

    What cannot be read is said there, too.
    """
    if not is_bundle(path):
        return Base(path, None, None)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(MANIFEST) as file:
            manifest = decode_manifest(file.read(_LARGEST_MANIFEST_BYTES))
    except _DAMAGED:
        return Base(path, None, None)
    return Base(path, manifest.name, manifest.version)
