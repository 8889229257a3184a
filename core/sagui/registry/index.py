"""The list of a model's versions: a signed target like the bundles it names."""

from typing import Annotated, Literal

import msgspec

from sagui.bundle.manifest import Name, Sha256, Version
from sagui.registry.errors import RegistryError

LONGEST_BYTES = 1 << 20
"""A longer list is not read."""

_Bytes = Annotated[int, msgspec.Meta(ge=0)]


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """What makes this version's bundle of another one: zstd, with the other bundle as its dictionary.

    Attributes:
        of: SHA-256 of the bundle that it is applied to.
        path: Among the targets.
        bytes: Of the patch.
    """

    of: Sha256
    path: str
    bytes: _Bytes


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the model.

    Attributes:
        sha256: Of the bundle.
        bytes: Of the bundle.
        published: When, UTC, RFC 3339.
        patches: Shorter ways to it; each is checked against the bundle's hash.
    """

    version: Version
    path: str
    sha256: Sha256
    bytes: _Bytes
    published: str
    patches: tuple[Patch, ...] = ()


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of a model that may be installed.

    Attributes:
        latest: What a device takes that follows no plan.
        versions: Oldest first.
    """

    v: Literal[1] = 1
    model: Name
    latest: Version
    versions: tuple[Published, ...]

    def find(self, version: str) -> Published | None:
        """Gives a version, if it is there."""
        return next((one for one in self.versions if one.version == version), None)


def encode_index(index: Index) -> bytes:
    """Writes the list; the same list gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(index), indent=2) + b"\n"


def decode_index(content: bytes) -> Index:
    """Reads the list.

    Raises:
        RegistryError: It is no list of versions; the message names the key.
    """
    if len(content) > LONGEST_BYTES:
        raise RegistryError(f"the list of versions has {len(content)} bytes; {LONGEST_BYTES} are read at most")
    try:
        index = msgspec.json.decode(content, type=Index)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(f"not a list of versions: {error}; publish with the same version of sagui") from error
    if index.find(index.latest) is None:
        raise RegistryError(f"the list of versions of {index.model} lacks its latest, {index.latest}")
    return index
