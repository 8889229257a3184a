"""What is said of a model, as values that are also the JSON of `sagui inspect --json`."""

from typing import Literal

import msgspec

from sagui.bundle.manifest import Decision, GoldenSpec, Quantization
from sagui.bundle.metrics import Proportion
from sagui.convert.edgetpu.preflight import Preflight

SCHEMA = 1
"""Grows when a key of the JSON changes its meaning or goes; new keys may come at any time."""

Mode = Literal["none", "float16", "dynamic", "int8", "uint8", "int16x8", "mixed"]


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it lies on the disk, or in a bundle."""

    path: str
    bytes: int
    sha256: str


class BundleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the bundle around the model promises; see ``docs/bundle.md``.

    Attributes:
        accuracy: Of the model on its test photos.
        entries: Size of each entry, in bytes.
        edgetpu: Whether a file compiled for the Edge TPU is in it.
    """

    name: str
    version: str
    created: str
    labels: tuple[str, ...]
    quantization: Quantization
    decision: Decision
    golden: GoldenSpec
    accuracy: Proportion
    entries: dict[str, int]
    edgetpu: bool


class TensorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A tensor: ``real = scale * (number - zero_point)`` where it has scales.

    Attributes:
        shape: 1 stands for a size that is open, if `dynamic`.
        constant_bytes: Size of its values in the file; 0 for what is computed.
        scales: One, or one for each slice along `axis`; null for one that is not finite.
        axis: Of the scales; None where there is one or none.
    """

    number: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    dynamic: bool
    constant_bytes: int
    scales: tuple[float | None, ...]
    zero_points: tuple[int, ...]
    axis: int | None


class OpFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All ops of one name.

    Attributes:
        versions: Of the op's definition, smallest first.
        macs: Multiply-accumulates of one run; see `sagui.convert.inspect.macs`.
        parameters: Constants that stand for real numbers: weights and biases, not shapes and axes.
        constant_bytes: Size of the constants that no op before used.
    """

    name: str
    count: int
    versions: tuple[int, ...]
    macs: int
    parameters: int
    constant_bytes: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Of the whole file.

    Attributes:
        uncounted: Ops whose multiply-accumulates are missing in `macs`.
    """

    ops: int
    tensors: int
    macs: int
    parameters: int
    constant_bytes: int
    uncounted: tuple[str, ...]


class DtypeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How many tensors hold numbers of one type.

    Attributes:
        computed: Inputs and results of ops.
        constant: With values in the file.
        per_tensor: With one scale.
        per_channel: With a scale for each slice.
    """

    dtype: str
    computed: int
    constant: int
    per_tensor: int
    per_channel: int


class QuantizationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How numbers were made small.

    Attributes:
        mode: What the tensors show; ``mixed`` where some ops of a quantized network compute floats.
        float_ops: Which ops those are, and how many; empty unless `mode` is ``mixed``.
        quantize_ops: Ops that only make integers of floats, or integers of another scale.
        dequantize_ops: Ops that only make floats of integers or of half floats.
        islands: Float ops that pass floats to one another, between integers.
    """

    mode: Mode
    dtypes: tuple[DtypeFacts, ...]
    float_ops: dict[str, int]
    quantize_ops: int
    dequantize_ops: int
    islands: tuple[tuple[str, ...], ...]


class MetadataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says about itself; a text that it does not carry is empty.

    Attributes:
        name: From TFLite Metadata, as the four that follow.
        writer: What the program that wrote the file says of itself.
        entries: Names of the metadata it carries.
        min_runtime: The oldest TensorFlow Lite that runs it.
        mean: Of the input's normalization ``(pixel - mean) / std``.
        std: See `mean`.
        labels: None where it carries none.
    """

    name: str
    version: str
    description: str
    author: str
    license: str
    writer: str
    entries: tuple[str, ...]
    min_runtime: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    labels: tuple[str, ...] | None


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """An op that not every runtime has, and what it asks for."""

    op: str
    count: int
    needs: str


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said of a model.

    Attributes:
        file: What was named.
        model: The TFLite file; the same, unless that is a bundle.
        subgraphs: How many the file has; `ops` and `totals` are of all, each op counted once.
        needs: Custom and Flex ops.
        notes: What a reader of the numbers should know, a sentence each.
        tensors: Of the main subgraph, if asked for.
        edgetpu: What an Edge TPU would run, if asked for.
    """

    schema: int = SCHEMA
    file: FileFacts
    model: FileFacts
    bundle: BundleFacts | None
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    subgraphs: int
    ops: tuple[OpFacts, ...]
    totals: Totals
    quantization: QuantizationFacts
    metadata: MetadataFacts
    needs: tuple[Need, ...]
    notes: tuple[str, ...]
    tensors: tuple[TensorFacts, ...] | None = None
    edgetpu: Preflight | None = None
