"""The same file on TensorFlow's interpreter and on tflite-runtime."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tests.interop.environments import run_script
from tests.interop.networks import convert, golden_of, photos

from sagui.bundle import read_bundle
from sagui.convert.modes import ModeName

HERE = Path(__file__).parent

only_311 = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="tflite-runtime has no wheel for Python 3.12 or later"
)


def outputs_of(interpreter: Any, frames: np.ndarray) -> np.ndarray:
    interpreter.allocate_tensors()
    ((photo,), (scores,)) = interpreter.get_input_details(), interpreter.get_output_details()
    rows = []
    for frame in frames:
        interpreter.set_tensor(photo["index"], frame[np.newaxis].astype(photo["dtype"]))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(scores["index"])[0].copy())
    return np.stack(rows)


def built_in(model: bytes, frames: np.ndarray) -> np.ndarray:
    """What LiteRT computes with its own kernels, without XNNPACK's."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return outputs_of(Interpreter(model_content=model, experimental_op_resolver_type=plain), frames)


def on_tflite_runtime(python: Path, root: Path, bundle: Path) -> dict[str, Any]:
    said = run_script(python, HERE / "tflite_runtime_prove.py", bundle, PYTHONPATH=str(root / "core"))
    return dict(json.loads(said))


def in_tensorflow(model: bytes, frames: np.ndarray, **options: Any) -> np.ndarray:
    return outputs_of(tf.lite.Interpreter(model_content=model, **options), frames)


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("mode", ["none", "float16", "dynamic", "int8", "int16x8"])
def test_tensorflow_computes_the_same(network: keras.Model, mode: ModeName) -> None:
    model = convert(network, mode)
    theirs, ours = in_tensorflow(model, photos()), outputs_of(Interpreter(model_content=model), photos())
    assert theirs.dtype == ours.dtype
    step = 1 if theirs.dtype == np.uint8 else 1e-6
    assert np.abs(theirs.astype(float) - ours).max() <= step


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_tensorflow_computes_a_trained_bundle_to_a_step(shapes_bundle: Path) -> None:
    # The kernels of XNNPACK change from version to version, in the last step of a rounding.
    bundle = read_bundle(shapes_bundle)
    frames, golden = bundle.golden().frames, bundle.golden().outputs.astype(int)
    assert np.abs(in_tensorflow(bundle.model, frames) - golden).max() <= 1


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_tensorflow_and_litert_share_their_own_kernels(shapes_bundle: Path) -> None:
    bundle = read_bundle(shapes_bundle)
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    frames = bundle.golden().frames
    theirs = in_tensorflow(bundle.model, frames, experimental_op_resolver_type=plain)
    assert np.array_equal(theirs, built_in(bundle.model, frames))


@only_311
@pytest.mark.parametrize("dense_per_tensor", [False, True])
def test_tflite_runtime_computes_int8_as_litert_does_without_xnnpack(
    tflite_runtime: Path,
    root: Path,
    network: keras.Model,
    bundle_of: Callable[..., Path],
    tmp_path: Path,
    *,
    dense_per_tensor: bool,
) -> None:
    model = convert(network, "int8", dense_per_tensor=dense_per_tensor)
    said = on_tflite_runtime(tflite_runtime, root, bundle_of(model, "int8", tmp_path))
    assert said["runtime"] == "tflite-runtime 2.14.0"
    assert np.array_equal(said["outputs"], built_in(model, photos()))


@only_311
def test_tflite_runtime_proves_a_trained_bundle(tflite_runtime: Path, root: Path, shapes_bundle: Path) -> None:
    bundle = read_bundle(shapes_bundle)
    said = on_tflite_runtime(tflite_runtime, root, shapes_bundle)
    assert np.array_equal(said["outputs"], built_in(bundle.model, bundle.golden().frames))
    assert said["difference"] == 0.0


def test_xnnpack_rounds_8_bit_numbers_otherwise(int8_file: bytes) -> None:
    # Hence golden outputs of the one are not the other's: the difference is of rounding, and small.
    difference = golden_of(int8_file).outputs.astype(int) - built_in(int8_file, photos()).astype(int)
    assert 0 < np.abs(difference).max() <= 8


@only_311
@pytest.mark.parametrize("mode", ["none", "float16"])
def test_tflite_runtime_proves_a_float_bundle(
    tflite_runtime: Path,
    root: Path,
    network: keras.Model,
    bundle_of: Callable[..., Path],
    tmp_path: Path,
    mode: ModeName,
) -> None:
    model = convert(network, mode)
    said = on_tflite_runtime(tflite_runtime, root, bundle_of(model, mode, tmp_path))
    assert said["difference"] is not None
    assert np.abs(np.array(said["outputs"]) - golden_of(model).outputs).max() < 1e-5


@only_311
def test_tflite_runtime_knows_no_dynamic_dense_layer_with_many_scales(
    tflite_runtime: Path, root: Path, network: keras.Model, bundle_of: Callable[..., Path], tmp_path: Path
) -> None:
    path = bundle_of(convert(network, "dynamic"), "dynamic", tmp_path)
    with pytest.raises(
        AssertionError, match=r"cannot load this model: Didn't find op .*'FULLY_CONNECTED' version '12'"
    ):
        on_tflite_runtime(tflite_runtime, root, path)


@only_311
def test_tflite_runtime_proves_a_dynamic_bundle_with_one_scale_for_each_dense_layer(
    tflite_runtime: Path, root: Path, network: keras.Model, bundle_of: Callable[..., Path], tmp_path: Path
) -> None:
    model = convert(network, "dynamic", dense_per_tensor=True)
    said = on_tflite_runtime(tflite_runtime, root, bundle_of(model, "dynamic", tmp_path))
    assert said["difference"] is not None
    assert said["difference"] < 1e-2
