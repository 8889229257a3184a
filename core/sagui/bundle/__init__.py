"""Contract 1: what is shipped. One file with the model, its labels, its preprocessing and its proof.

Described in ``docs/bundle.md``.
"""

from sagui.bundle.errors import BundleError
from sagui.bundle.golden import Golden, decode_golden, encode_golden
from sagui.bundle.manifest import SCHEMA, Manifest
from sagui.bundle.metrics import Measure, Proportion, measure, proportion
from sagui.bundle.read import Bundle, decode_bundle, is_bundle, read_bundle
from sagui.bundle.write import encode_bundle, write_bundle

__all__ = [
    "SCHEMA",
    "Bundle",
    "BundleError",
    "Golden",
    "Manifest",
    "Measure",
    "Proportion",
    "decode_bundle",
    "decode_golden",
    "encode_bundle",
    "encode_golden",
    "is_bundle",
    "measure",
    "proportion",
    "read_bundle",
    "write_bundle",
]
