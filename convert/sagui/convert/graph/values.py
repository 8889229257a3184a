"""A TFLite file as plain values. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any


@dataclass(frozen=True)
class Scales:
    """How a tensor's numbers stand for real ones: ``real = scale * (number - zero_point)``.

    Attributes:
        scales: One for the whole tensor, or one for each slice along `axis`.
        zero_points: As many.
        axis: The dimension that has a scale for each slice; it means nothing where there is one scale.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether slices have scales of their own."""
        return len(self.scales) > 1


@dataclass(frozen=True)
class Tensor:
    """What flows between ops, or a constant.

    Attributes:
        name: The converter's.
        shape: As stored; 1 where `dynamic` says that a size is open.
        dtype: Lower case, as ``int8``, ``float32``.
        scales: None for numbers that stand for themselves.
        constant_bytes: Size of the values in the file; 0 for what is computed.
        dynamic: Whether a size is only known when the model runs.
        buffer: Where its values are in the file; constants that are equal may share one. 0 for what is computed.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: Scales | None = None
    constant_bytes: int = 0
    dynamic: bool = False
    buffer: int = 0

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    def constant(self) -> bool:
        """Whether its values are in the file."""
        return self.constant_bytes > 0


@dataclass(frozen=True)
class Op:
    """One step of the computation.

    Attributes:
        kind: As in the schema, ``CONV_2D``; ``CUSTOM`` for what is not builtin.
        version: Of the op's definition: which features a runtime must know.
        inputs: Tensor numbers; -1 for an optional input that is left out.
        outputs: Tensor numbers.
        custom: The name of a custom op, as ``edgetpu-custom-op`` or ``FlexErf``.
        options: The schema's fields of the op, as ``strideH`` or ``fusedActivationFunction``.
    """

    kind: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    custom: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The custom op's name, or the builtin's."""
        return self.custom or self.kind

    @property
    def flex(self) -> bool:
        """Whether it is an op of TensorFlow's that only the full TensorFlow runs."""
        return self.custom.startswith("Flex")


@dataclass(frozen=True)
class Graph:
    """A subgraph of a TFLite file.

    Attributes:
        tensors: All, by number.
        ops: In the order they run.
        inputs: Tensor numbers.
        outputs: Tensor numbers.
        subgraphs: How many the file has; more than one where it has conditions or loops.
        description: What the converter wrote.
        metadata: The names of the file's metadata entries.
        file_bytes: Its size.
        min_runtime: The oldest TensorFlow Lite that runs it, where the converter wrote that down.
    """

    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: int = 1
    description: str = ""
    metadata: tuple[str, ...] = ()
    file_bytes: int = 0
    min_runtime: str = ""

    def tensors_of(self, numbers: tuple[int, ...]) -> tuple[Tensor, ...]:
        """The tensors with these numbers; what is left out of an op's inputs is left out here."""
        return tuple(self.tensors[number] for number in numbers if number >= 0)
