"""A compiler that can be set to any behaviour, and a file to compile."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

StandIn = Callable[[str], Path]


def tflite(custom: str = "", *, quantized: bool = False) -> bytes:
    """A file of one op: RELU, or a custom one."""
    code, op = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = schema.BuiltinOperator.CUSTOM if custom else schema.BuiltinOperator.RELU
    code.deprecatedBuiltinCode, code.customCode = code.builtinCode, custom or None
    op.inputs, op.outputs = [0], [1]
    tensors = []
    for name in ("photo", "scores"):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, [1, 4], schema.TensorType.INT8, 0
        if quantized:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [0.5], [0]
        tensors.append(tensor)
    main = schema.SubGraphT()
    main.tensors, main.operators, main.inputs, main.outputs = tensors, [op], [0], [1]
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [main], [schema.BufferT()]
    builder = flatbuffers.Builder(256)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


MODEL, QUANTIZED, COMPILED = tflite(), tflite(quantized=True), tflite("edgetpu-custom-op")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Gives the program, set to one behaviour; logs are kept in a folder of the test's."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def install(behaviour: str) -> Path:
        program = tmp_path / "bin" / "edgetpu_compiler"
        program.parent.mkdir()
        source = Path(__file__).with_name("stand_in.py").read_text()
        program.write_text(f"#!{sys.executable} -S\n{source}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (program.parent / "behaviour.txt").write_text(behaviour)
        (program.parent / "compiled.tflite").write_bytes(COMPILED)
        return program

    return install
