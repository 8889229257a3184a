"""Reads the pickles of CIFAR-10 without trusting them.

A pickle is a program, and pickle runs what it says: it can call any function, and fill the memory with a few bytes.
This reader takes the few instructions that such a file needs, gives it a stand-in for a numpy array, and refuses the
rest.
"""

import io
import pickle
import pickletools
from typing import Any

import numpy as np
import numpy.typing as npt

_INSTRUCTIONS = frozenset(
    {
        *("PROTO", "FRAME", "STOP", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
        *("MARK", "EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND", "APPENDS"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2"),
        *("SHORT_BINSTRING", "BINSTRING", "SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "MEMOIZE"),
    }
)
_MAX_REMEMBERED = 100_000
"""Things that a batch may refer back to; the published ones remember each of 10,000 file names."""


class _Array:
    """Stands for a numpy array while a pickle is read; keeps its bytes."""

    content = b""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        *_, content = state
        if not isinstance(content, bytes):
            raise pickle.UnpicklingError("an array in it is not of bytes")
        self.content = content


class _Dtype:
    """Stands for numpy's dtype; there is but one in these files, and its details do not matter."""

    def __init__(self, name: str | bytes, *_details: object) -> None:
        if name not in {"u1", b"u1"}:
            raise pickle.UnpicklingError(f"its numbers are {name!r}, not bytes")

    def __setstate__(self, state: object) -> None:
        pass


def _reconstruct(*_arguments: object) -> _Array:
    return _Array()


class _BatchUnpickler(pickle.Unpickler):
    """Knows arrays of bytes, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (the signature is pickle's)
        if module in {"numpy.core.multiarray", "numpy._core.multiarray"} and name == "_reconstruct":
            return _reconstruct
        if (module, name) == ("numpy", "ndarray"):
            return _Array
        if (module, name) == ("numpy", "dtype"):
            return _Dtype
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not an array")


def read_batch(content: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Reads one batch: a dictionary with ``data``, an array of bytes, and ``labels``, a list of numbers.

    Returns:
        The bytes of all photos, one after another, and the labels.

    Raises:
        ValueError: It is something else, damaged, or asks for more than that.
    """
    try:
        _check_instructions(content)
        # Written by Python 2: its strings are bytes.
        loaded = _BatchUnpickler(io.BytesIO(content), encoding="bytes").load()
        batch = {key.decode("ascii") if isinstance(key, bytes) else key: value for key, value in loaded.items()}
        return np.frombuffer(batch["data"].content, np.uint8), np.asarray(batch["labels"])
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(f"not a batch of photos that can be read safely: {error}") from error


def _check_instructions(content: bytes) -> None:
    argument: Any
    for instruction, argument, _ in pickletools.genops(content):
        if instruction.name not in _INSTRUCTIONS:
            raise pickle.UnpicklingError(f"it holds the instruction {instruction.name}")
        if instruction.name == "LONG_BINPUT" and argument > _MAX_REMEMBERED:
            raise pickle.UnpicklingError(f"it remembers more than {_MAX_REMEMBERED} things")
