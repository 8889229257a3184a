"""The zip around a bundle: written byte for byte the same, read without trust."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from sagui.bundle.errors import BundleError

MAX_ENTRIES = 64
MAX_BYTES = 1 << 30
"""The largest bundle: 1 GiB. Models for this class of device are a thousandth of that."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(entries: Mapping[str, bytes]) -> bytes:
    """Makes a zip with stored entries in the order given; equal entries give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, wherever it is written
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, bytes]:
    """Reads every entry of a zip with stored entries.

    Raises:
        BundleError: It is no such zip, is damaged, too large, or an entry's name leaves the folder.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            _check_entries(infos, len(content))
            return {info.filename: _read(archive, info) for info in infos}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise BundleError(f"not a bundle, or a damaged one: {error}") from error


def _check_entries(infos: list[zipfile.ZipInfo], size_bytes: int) -> None:
    names = [info.filename for info in infos]
    if len(names) > MAX_ENTRIES:
        raise BundleError(f"{len(names)} entries; a bundle has at most {MAX_ENTRIES}")
    for name in names:
        if not is_safe(name):
            raise BundleError(f"entry {name!r}: its name leaves the bundle")
        if names.count(name) > 1:
            raise BundleError(f"entry {name!r} is there twice")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 0x1:
            raise BundleError(f"entry {info.filename!r} is compressed or encrypted; a bundle stores its entries plain")
    if sum(info.file_size for info in infos) > size_bytes:
        raise BundleError("its entries claim more bytes than the file has")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    content = archive.read(info)
    if len(content) != info.file_size:
        raise BundleError(f"entry {info.filename!r} is cut short")
    return content


def is_safe(name: str) -> bool:
    r"""Whether an entry's name stays in the folder it is written to, on any system.

    >>> [is_safe(name) for name in ("model.tflite", "../model.tflite", "/etc/passwd", "a\\b", "C:x", "")]
    [True, False, False, False, False, False]
    """
    path = PurePosixPath(name)
    odd = not name or name.endswith("/") or any(letter in name for letter in "\\:\0")
    return not odd and not path.is_absolute() and ".." not in path.parts and str(path) == name


def digest(content: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
