"""What every runtime can do."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from sagui.infer.errors import InferError
from sagui.infer.runtimes.device import Delegate

BROKEN = (ImportError, AttributeError, RuntimeError, ValueError, TypeError, OSError, SystemError, InferError)
"""What a runtime or a delegate that does not work here raises when it is imported, loaded or run."""


@dataclass(frozen=True)
class TensorSpec:
    """A tensor at the edge of the network.

    Attributes:
        shape: With the batch first.
        dtype: numpy's name for it.
        scale: ``real = scale * (number - zero_point)``; 0 where the tensor is not quantized.
        zero_point: See ``scale``.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0


class Runtime(Protocol):
    """A loaded network, ready to run. One caller at a time."""

    @property
    def name(self) -> str:
        """The runtime's name and version, such as ``litert 2.3.0``."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The tensors it takes."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The tensors it gives."""

    def invoke(self, frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Runs the network once.

        Args:
            frame: The first input without its batch axis.

        Returns:
            The first output, a copy, with its batch axis.

        Raises:
            ModelError: The network fails on this frame.
        """


class RuntimeModule(Protocol):
    """A module of this package that builds runtimes."""

    __name__: str

    @property
    def NAME(self) -> str:  # noqa: N802 (a constant of the module)
        """The runtime's name and version."""

    def load(self, model: bytes, threads: int, delegate: Delegate | None = None) -> Runtime:
        """Builds an interpreter for a model.

        Args:
            model: A TFLite file's content.
            threads: CPU threads, 1 or more, for what the delegate leaves.
            delegate: What runs the rest; it may end the process, so it should have been tried in another one.
        """
