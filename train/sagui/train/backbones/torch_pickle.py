"""Reads the tensors of a legacy PyTorch checkpoint without PyTorch, and without running its code.

A legacy ``.pth`` file is a row of pickles (magic number, protocol, system, the object, the storage keys)
followed by the raw storages. A pickle can call anything; this reader resolves three names and refuses the rest.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from sagui.train.errors import WeightsError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGE_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage(NamedTuple):
    """A flat buffer that tensors are views of; its numbers come after the pickles."""

    key: str
    dtype: np.dtype[Any]
    length: int


class _Tensor(NamedTuple):
    """A strided view of a storage, in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_unused: object
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _TensorUnpickler(pickle.Unpickler):
    """Knows ordered dictionaries, tensors and storages, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (the signature is pickle's)
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGE_DTYPES:
            return _STORAGE_DTYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not a tensor")

    def persistent_load(self, pid: tuple[Any, ...]) -> _Storage:
        _, dtype, key, _, length, *_ = pid
        return _Storage(str(key), dtype, int(length))


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Reads every tensor of a legacy PyTorch checkpoint.

    Args:
        path: The ``.pth`` file.

    Returns:
        Tensor name to a contiguous array in PyTorch's layout (convolutions are ``(out, in, height, width)``).

    Raises:
        WeightsError: The file is missing, is no such checkpoint, or asks for anything but tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: not a PyTorch weights file that can be read safely: {error}") from error


def _read(file: BinaryIO) -> dict[str, npt.NDArray[Any]]:
    if _load(file) != _MAGIC or _load(file) != _PROTOCOL:
        raise ValueError("its first bytes are not a legacy checkpoint's")
    _load(file)
    tensors: dict[str, _Tensor] = _load(file)
    keys: list[str] = _load(file)
    dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
    storages = {key: _read_storage(file, dtypes[key]) for key in keys}
    return {name: _view(tensor, storages[tensor.storage.key]) for name, tensor in tensors.items()}


def _load(file: BinaryIO) -> Any:  # noqa: ANN401 (what a pickle holds is known to the caller)
    return _TensorUnpickler(file).load()


def _read_storage(file: BinaryIO, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    length = int.from_bytes(file.read(8), "little")
    content = file.read(length * dtype.itemsize)
    return np.frombuffer(content, dtype, count=length)


def _view(tensor: _Tensor, storage: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # The strides matter: this checkpoint's convolutions are stored transposed.
    reach = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True)) + 1
    if reach > storage.size:
        raise ValueError(f"a tensor of shape {tensor.shape} reaches past its storage")
    strides = tuple(stride * storage.itemsize for stride in tensor.strides)
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides)
    return np.ascontiguousarray(view)
