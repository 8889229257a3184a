"""tflite-runtime, for systems that have it: Python 3.11 and older, with numpy 1."""

from importlib.metadata import version

from tflite_runtime.interpreter import Interpreter

from sagui.infer.runtimes.interpreter import InterpreterRuntime
from sagui.infer.runtimes.port import Runtime


def load(model: bytes, threads: int) -> Runtime:
    """Builds an interpreter for a model.

    Args:
        model: A TFLite file's content.
        threads: CPU threads, 1 or more.
    """
    interpreter = Interpreter(model_content=model, num_threads=threads)
    return InterpreterRuntime(f"tflite-runtime {version('tflite-runtime')}", interpreter)
