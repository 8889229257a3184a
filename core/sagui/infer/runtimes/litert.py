"""LiteRT (ai-edge-litert), the first choice: wheels for x86-64 and 64-bit Arm, Python 3.10 and later."""

from importlib.metadata import version

from ai_edge_litert.interpreter import Interpreter, OpResolverType, load_delegate

from sagui.infer.runtimes.device import Delegate
from sagui.infer.runtimes.interpreter import InterpreterRuntime, name_of, open_delegate
from sagui.infer.runtimes.port import Runtime

NAME = f"litert {version('ai-edge-litert')}"


def load(model: bytes, threads: int, delegate: Delegate | None = None) -> Runtime:
    """See `RuntimeModule.load`."""
    delegates = open_delegate(load_delegate, delegate)
    interpreter = Interpreter(model_content=model, num_threads=threads, **delegates)
    return InterpreterRuntime(name_of(NAME, delegate), interpreter)


def load_builtin(model: bytes, threads: int) -> Runtime:
    """Builds an interpreter that computes with LiteRT's own kernels, without those of XNNPACK: as tflite-runtime does.

    Args:
        model: A TFLite file's content.
        threads: CPU threads, 1 or more.
    """
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=model, num_threads=threads, experimental_op_resolver_type=plain)
    return InterpreterRuntime(f"{NAME} without XNNPACK", interpreter)
