"""Contract 3: what a registry of models holds, and under which names. Described in ``docs/fleet.md``."""

from sagui.registry.errors import RegistryError
from sagui.registry.index import Index, Patch, Published, decode_index, encode_index
from sagui.registry.layout import METADATA, ROOT, TARGETS, bundle_path, index_path, model_of, patch_path

__all__ = [
    "METADATA",
    "ROOT",
    "TARGETS",
    "Index",
    "Patch",
    "Published",
    "RegistryError",
    "bundle_path",
    "decode_index",
    "encode_index",
    "index_path",
    "model_of",
    "patch_path",
]
