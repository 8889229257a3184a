"""LiteRT (ai-edge-litert), the first choice: wheels for x86-64 and 64-bit Arm, Python 3.10 and later."""

from importlib.metadata import version

from ai_edge_litert.interpreter import Interpreter, OpResolverType

from sagui.infer.runtimes.interpreter import InterpreterRuntime
from sagui.infer.runtimes.port import Runtime


def load(model: bytes, threads: int) -> Runtime:
    """Builds an interpreter for a model.

    Args:
        model: A TFLite file's content.
        threads: CPU threads, 1 or more.
    """
    interpreter = Interpreter(model_content=model, num_threads=threads)
    return InterpreterRuntime(f"litert {version('ai-edge-litert')}", interpreter)


def load_builtin(model: bytes, threads: int) -> Runtime:
    """Builds an interpreter that computes with LiteRT's own kernels, without those of XNNPACK: as tflite-runtime does.

    Args:
        model: See `load`.
        threads: See `load`.
    """
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=model, num_threads=threads, experimental_op_resolver_type=plain)
    return InterpreterRuntime(f"litert {version('ai-edge-litert')} without XNNPACK", interpreter)
