"""Mixed precision: full int8, but for the layers that lose most, which stay in floats.

litert-quantizer rewrites the float TFLite file by a recipe. It pins the very LiteRT that it was built with, so it is an
extra and is imported when it is used.
"""

import re
import warnings
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import numpy.typing as npt

from sagui.convert.calibrate import Calibration
from sagui.convert.errors import ConvertError, ExportError
from sagui.convert.graph import Graph, read_graph
from sagui.convert.layers import LayerError, find_ranges
from sagui.progress.quiet import quiet_native


def choose_layers(errors: Sequence[LayerError], count: int) -> tuple[str, ...]:
    """Names the layers that lose most by themselves.

    Noise adds up along a network: a late layer may be far from its float self through no fault of its own. What counts
    is `LayerError.own_noise`.

    Args:
        errors: Of a file whose layers are all quantized, from `sagui.convert.layers.layer_errors`.
        count: How many at most; layers that add nothing are never among them.

    Returns:
        The layer that adds most first.
    """
    added = [(error.own_noise, error.name) for error in errors if error.own_noise is not None and error.own_noise > 0]
    return tuple(name for _, name in sorted(added, key=lambda pair: -pair[0])[:count])


def quantize_mixed(float_model: bytes, keep_float: Sequence[str], calibration: Calibration) -> bytes:
    """Quantizes a float file to int8, but for some layers.

    A layer stays in floats together with the ops that take its output: otherwise the output, which is what loses, would
    be quantized after all on its way.

    Args:
        float_model: A TFLite file of builtin ops, in floats behind a uint8 input.
        keep_float: Names of layers, as `sagui.convert.layers.LayerError` has them; ``*`` and ``?`` stand for any
            characters.
        calibration: Gives photos ``(1, height, width, 3)``, 0-255, by which the ranges of activations are found.

    Returns:
        A TFLite file that takes uint8 pixels as they are and gives float scores.

    Raises:
        ConvertError: litert-quantizer is not installed, the file is quantized already, or no layer has such a name.
        ExportError: litert-quantizer fails on this network.
    """
    graph = read_graph(float_model)
    if any(tensor.scales for tensor in graph.tensors):
        raise ConvertError("the file is quantized already: mixed precision starts from a float file")
    recipe = _recipe(kept_outputs(graph, keep_float))
    check_installed()
    from litert_quantizer.quantizer import Quantizer

    try:
        with warnings.catch_warnings(), quiet_native():
            # It warns that all activations are kept, as it does on purpose.
            warnings.simplefilter("ignore")
            quantizer = Quantizer(float_model, recipe)
            ranges = _ranges(float_model, graph, calibration)
            return bytes(quantizer.quantize(ranges, enable_progress_report=False).quantized_model)
    except (RuntimeError, ValueError, KeyError, TypeError, IndexError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ExportError(
            f"the network cannot be quantized in part: {reason}; use --quantize int8 or dynamic"
        ) from error


def check_installed() -> None:
    """Makes sure that the extra is there.

    Raises:
        ConvertError: It is not.
    """
    try:
        import litert_quantizer.quantizer  # noqa: F401 (whether it can be)
    except ImportError as error:
        raise ConvertError('--quantize mixed needs litert-quantizer: pip install "sagui[mixed]"') from error


def kept_outputs(graph: Graph, keep_float: Sequence[str]) -> tuple[str, ...]:
    """The outputs of the ops that stay in floats: those of the layers that are named, and those that take them.

    Args:
        graph: The float file.
        keep_float: See `quantize_mixed`.

    Raises:
        ConvertError: No layer has such a name.
    """
    produced = {number for op in graph.ops for number in op.outputs}
    kept: set[int] = set()
    for pattern in keep_float:
        found = {number for number in produced if _fits(graph.tensors[number].name, pattern)}
        if not found:
            raise ConvertError(f"no layer is called {pattern!r}: see the names in the report's error per layer")
        kept |= found
    ops = [op for op in graph.ops if kept.intersection(op.outputs) or kept.intersection(op.inputs)]
    return tuple(graph.tensors[op.outputs[0]].name for op in ops)


def _fits(name: str, pattern: str) -> bool:
    return any(part == pattern or fnmatchcase(part, pattern) for part in (name, *name.split(";")))


def _recipe(kept: Sequence[str]) -> list[dict[str, Any]]:
    eight = {"num_bits": 8, "granularity": "TENSORWISE", "dtype": "INT"}
    everywhere = {
        "regex": ".*",
        "operation": "*",
        "algorithm_key": "min_max_uniform_quantize",
        "op_config": {
            "activation_tensor_config": {**eight, "symmetric": False},
            "weight_tensor_config": {**eight, "symmetric": True, "granularity": "CHANNELWISE"},
            "compute_precision": "INTEGER",
            "explicit_dequantize": False,
        },
    }
    # Scores come out as floats, whatever the last layer is computed in.
    scores = {"regex": ".*", "operation": "OUTPUT", "algorithm_key": "no_quantize", "op_config": {}}
    # An op's scope begins with the name of its first output, and each name in it ends with a semicolon.
    floats = [
        {"regex": f"^{re.escape(name)};", "operation": "*", "algorithm_key": "no_quantize", "op_config": {}}
        for name in kept
    ]
    return [everywhere, scores, *floats]


def _ranges(
    float_model: bytes, graph: Graph, calibration: Calibration
) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    # litert-quantizer's own calibration takes a moving average over photos, which depends on their order and cuts off
    # what few of them show.
    numbers = [number for op in graph.ops for number in op.outputs if graph.tensors[number].dtype == "float32"]
    return {
        graph.tensors[number].name: {"min": np.array([low], np.float32), "max": np.array([high], np.float32)}
        for number, (low, high) in find_ranges(float_model, numbers, calibration).items()
    }
