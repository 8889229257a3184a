"""The interface that LiteRT, tflite-runtime and TensorFlow share, behind our port."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sagui.infer.errors import ModelError
from sagui.infer.runtimes.device import Delegate
from sagui.infer.runtimes.port import TensorSpec


class Interpreter(Protocol):
    """What the three packages call an interpreter."""

    def allocate_tensors(self) -> None:
        """Makes room for the tensors."""

    def invoke(self) -> None:
        """Runs the network."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Describes the inputs."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """Describes the outputs."""

    def set_tensor(self, tensor_index: int, value: npt.NDArray[Any]) -> None:
        """Fills an input."""

    def get_tensor(self, tensor_index: int) -> npt.NDArray[Any]:
        """Copies an output."""


class InterpreterRuntime:
    """A `Runtime` over an interpreter."""

    def __init__(self, name: str, interpreter: Interpreter) -> None:
        self.name = name
        self._interpreter = interpreter
        interpreter.allocate_tensors()
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        self.inputs = tuple(_spec(detail) for detail in inputs)
        self.outputs = tuple(_spec(detail) for detail in outputs)
        if not inputs or not outputs:
            raise ModelError(f"no image classifier: it has {len(inputs)} inputs and {len(outputs)} outputs")
        self._input_index = int(inputs[0]["index"])
        self._output_index = int(outputs[0]["index"])

    def invoke(self, frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """See `Runtime.invoke`."""
        try:
            self._interpreter.set_tensor(self._input_index, frame[np.newaxis])
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"the model fails when it is run: {_first_line(error)}") from error
        return self._interpreter.get_tensor(self._output_index)


def open_delegate(load: Callable[[str, dict[str, str]], object], delegate: Delegate | None) -> dict[str, Any]:
    """Gives the arguments that hand a delegate to an interpreter.

    Args:
        load: The package's ``load_delegate``.
        delegate: The library and its options; None for the CPU alone.

    Raises:
        OSError: The library cannot be loaded.
        ValueError: It refuses.
    """
    if delegate is None:
        return {}
    return {"experimental_delegates": [load(delegate.library, dict(delegate.options))]}


def name_of(package: str, delegate: Delegate | None) -> str:
    """What a runtime is called, with the delegate it uses."""
    return f"{package} with {delegate}" if delegate else package


def _spec(detail: dict[str, Any]) -> TensorSpec:
    scale, zero_point = detail["quantization"]
    return TensorSpec(
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=np.dtype(detail["dtype"]).name,
        scale=float(scale),
        zero_point=int(zero_point),
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
