"""tflite-runtime, for systems that have it: Python 3.11 and older, with numpy 1."""

from importlib.metadata import version

from tflite_runtime.interpreter import Interpreter, load_delegate

from sagui.infer.runtimes.device import Delegate
from sagui.infer.runtimes.interpreter import InterpreterRuntime, name_of, open_delegate
from sagui.infer.runtimes.port import Runtime

NAME = f"tflite-runtime {version('tflite-runtime')}"


def load(model: bytes, threads: int, delegate: Delegate | None = None) -> Runtime:
    """See `RuntimeModule.load`."""
    delegates = open_delegate(load_delegate, delegate)
    interpreter = Interpreter(model_content=model, num_threads=threads, **delegates)
    return InterpreterRuntime(name_of(NAME, delegate), interpreter)
