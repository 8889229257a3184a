"""Golden frames: real inputs, with the outputs the workstation got from the shipped file."""

import io
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from sagui.bundle.archive import pack, unpack
from sagui.bundle.errors import BundleError

ENTRY = "golden.npz"


@dataclass(frozen=True)
class Golden:
    """Inputs ready for the network, and its raw outputs.

    Attributes:
        frames: ``(count, height, width, channels)``, in the input's dtype.
        outputs: ``(count, labels)``, in the output's dtype.
        builtin: Likewise, from the runtime's own kernels instead of XNNPACK's, which round otherwise; None where that
            was not written down.
    """

    frames: npt.NDArray[Any]
    outputs: npt.NDArray[Any]
    builtin: npt.NDArray[Any] | None = None


def encode_golden(golden: Golden) -> bytes:
    """Writes golden frames as ``.npz``: the same frames give the same bytes."""
    arrays = {"frames.npy": golden.frames, "outputs.npy": golden.outputs}
    if golden.builtin is not None:
        arrays["builtin.npy"] = golden.builtin
    return pack({name: _array_bytes(array) for name, array in arrays.items()})


def decode_golden(content: bytes) -> Golden:
    """Reads golden frames.

    Raises:
        BundleError: They are damaged, or not arrays of the same length.
    """
    try:
        arrays = {name: _read_array(data) for name, data in unpack(content).items()}
        golden = Golden(arrays["frames.npy"], arrays["outputs.npy"], arrays.get("builtin.npy"))
    except (BundleError, ValueError, KeyError, EOFError) as error:
        raise BundleError(f"{ENTRY}: not golden frames: {error}") from error
    if golden.frames.ndim != 4 or golden.outputs.ndim != 2 or len(golden.frames) != len(golden.outputs):  # noqa: PLR2004
        shapes = f"{golden.frames.shape} and {golden.outputs.shape}"
        raise BundleError(f"{ENTRY}: frames and outputs do not belong together: {shapes}")
    if golden.builtin is not None and golden.builtin.shape != golden.outputs.shape:
        raise BundleError(f"{ENTRY}: outputs {golden.outputs.shape} and builtin {golden.builtin.shape} differ in shape")
    return golden


def _read_array(data: bytes) -> npt.NDArray[Any]:
    """Reads an array whose header does not claim more than there is."""
    buffer = io.BytesIO(data)
    np.lib.format.read_magic(buffer)
    shape, _, dtype = np.lib.format.read_array_header_1_0(buffer)
    if prod(shape) * dtype.itemsize != len(data) - buffer.tell():
        raise ValueError(f"an array of {shape} does not fit its entry")
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


def _array_bytes(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()
