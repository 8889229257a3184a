"""The manifest: what a bundle says about itself. Described in ``docs/bundle.md``."""

import re
from typing import Annotated, Any, Literal

import msgspec

from sagui.bundle.errors import BundleError
from sagui.bundle.metrics import Measure

SCHEMA = 1
"""The version of the bundle this code writes, and the only one it reads."""

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Pixels = Annotated[int, msgspec.Meta(ge=1, le=4096)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Version = Annotated[
    str,
    # https://semver.org, item 2 and the pre-release and build parts of items 9 and 10
    msgspec.Meta(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"),
]


class InputSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How a frame becomes the network's input; one function reads it, `sagui.infer.preprocess.prepare`.

    Attributes:
        fit: ``squash`` ignores the aspect ratio, ``crop`` keeps the middle, ``pad`` keeps all and fills with black.
        interpolation: ``area`` first averages blocks of pixels, by the largest whole factor, and is linear for the
            rest; ``linear`` never averages.
    """

    height: _Pixels
    width: _Pixels
    channels: Literal[1, 3] = 3
    dtype: Literal["uint8", "int8", "float32"] = "uint8"
    colour: Literal["rgb", "grey"] = "rgb"
    fit: Literal["squash", "crop", "pad"] = "squash"
    interpolation: Literal["area", "linear"] = "area"


class OutputSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the numbers of the output tensor are: ``score = scale * (number - zero_point)``."""

    activation: Literal["softmax", "sigmoid"] = "softmax"
    scale: float = 1.0
    zero_point: int = 0


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """From scores to a label.

    Attributes:
        threshold: The best score must reach it.
        temperature: Scores are calibrated by it: ``score ** (1 / temperature)``, normalized. This is temperature
            scaling (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017) written for probabilities.
        unknown: What a frame is called whose best score stays below the threshold.
    """

    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    temperature: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    unknown: Label = "unknown"


class Quantization(msgspec.Struct, frozen=True, kw_only=True):
    """How the numbers inside were made small.

    Attributes:
        calibration: How many photos told the ranges of activations.
        recipe: In words.
        forced: Why the accuracy gate refused the file, if somebody shipped it all the same.
    """

    mode: Literal["none", "float16", "dynamic", "int8", "int16x8", "mixed"]
    calibration: _Count = 0
    recipe: str = ""
    forced: tuple[str, ...] = ()


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """The float parent and the exported file on the same test photos."""

    float: Measure
    exported: Measure


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """Where the network comes from."""

    backbone: str
    weights: str
    dataset: str
    dataset_fingerprint: Sha256
    recipe_digest: Sha256
    versions: dict[str, str]


class GoldenSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How closely a device must reproduce the golden frames.

    Attributes:
        unit: ``steps`` of the output's quantization, or ``absolute`` scores.
    """

    count: Annotated[int, msgspec.Meta(ge=1)]
    tolerance: Annotated[float, msgspec.Meta(ge=0)]
    unit: Literal["steps", "absolute"]


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry must be before it is used."""

    sha256: Sha256
    bytes: _Count


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json``."""

    schema: int = SCHEMA
    name: Name
    version: Version
    created: str
    labels: Annotated[tuple[Label, ...], msgspec.Meta(min_length=2)]
    task: Literal["single-label", "multi-label"] = "single-label"
    input: InputSpec
    output: OutputSpec
    decision: Decision
    quantization: Quantization
    metrics: Metrics
    training: Training
    golden: GoldenSpec
    files: dict[str, FileEntry] = {}


def encode_manifest(manifest: Manifest) -> bytes:
    """Writes a manifest as indented JSON: the same manifest gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=2) + b"\n"


def decode_manifest(content: bytes) -> Manifest:
    """Reads a manifest.

    Raises:
        BundleError: It is no JSON, of another schema, or a key is missing or wrong; the message names the key.
    """
    try:
        schema = msgspec.json.decode(content, type=_SchemaOnly).schema
        if schema != SCHEMA:
            raise BundleError(_other_schema(schema))
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"manifest.json: {error}") from error
    except RecursionError as error:
        raise BundleError("manifest.json: arrays or objects stand too deep in each other") from error
    if len(set(manifest.labels)) != len(manifest.labels):
        raise BundleError("manifest.json: `$.labels` names a label twice")
    return manifest


class _SchemaOnly(msgspec.Struct):
    schema: int


def _other_schema(schema: int) -> str:
    remedy = "update sagui: pip install -U sagui" if schema > SCHEMA else "convert the model again"
    return f"manifest.json: the bundle has schema {schema}, this sagui reads schema {SCHEMA}; {remedy}"


def check_name(name: str, version: str) -> None:
    """Checks what a person chose for a bundle.

    Raises:
        BundleError: The name or the version cannot stand in a file name and a topic.
    """
    _check(Name, name, "name", "lower-case letters, digits and dashes, such as solar-cells")
    _check(Version, version, "version", "three numbers, such as 1.0.0 (https://semver.org)")


def _check(annotated: Any, text: str, what: str, rule: str) -> None:  # noqa: ANN401 (an annotated type is no type)
    if not re.match(annotated.__metadata__[0].pattern, text):
        raise BundleError(f"{what} {text!r} cannot be used: {rule}")
