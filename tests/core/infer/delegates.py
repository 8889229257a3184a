"""A delegate library that is built for the tests, and networks that are made for it."""

import subprocess
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

SOURCE = Path(__file__).with_name("delegate.c")


def build_delegate(gcc: str, path: Path) -> Path:
    """Compiles `delegate.c` into a library."""
    flags = ("-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Werror", "-shared", "-fPIC")
    subprocess.run([gcc, *flags, "-o", path, SOURCE], check=True, capture_output=True)
    return path


def compile_for_edgetpu(model: bytes) -> bytes:
    """Does to a file what the Edge TPU compiler does: one op of its own takes the place of all others."""
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    graph, code, op = content.subgraphs[0], schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode, code.version = "edgetpu-custom-op", 1
    op.inputs, op.outputs = np.array(graph.inputs, np.int32), np.array(graph.outputs, np.int32)
    content.operatorCodes, graph.operators = [code], [op]
    return _packed(content)


def badly_scaled(model: bytes) -> bytes:
    """The same file, whose pixels have a step near zero: XNNPACK ends the process while it prepares that."""
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    graph = content.subgraphs[0]
    (first,) = (op for op in graph.operators if op.inputs[0] == graph.inputs[0])
    graph.tensors[first.outputs[0]].quantization.scale = np.array([1e-38], np.float32)
    return _packed(content)


def _packed(content: Any) -> bytes:
    builder = flatbuffers.Builder(4096)
    builder.Finish(content.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
