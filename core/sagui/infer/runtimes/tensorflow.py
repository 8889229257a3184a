"""The interpreter inside TensorFlow, for a workstation that has nothing lighter."""

import tensorflow as tf

from sagui.infer.runtimes.device import Delegate
from sagui.infer.runtimes.interpreter import InterpreterRuntime, name_of, open_delegate
from sagui.infer.runtimes.port import Runtime

NAME = f"tensorflow {tf.__version__}"


def load(model: bytes, threads: int, delegate: Delegate | None = None) -> Runtime:
    """See `RuntimeModule.load`."""
    delegates = open_delegate(tf.lite.experimental.load_delegate, delegate)
    interpreter = tf.lite.Interpreter(model_content=model, num_threads=threads, **delegates)
    return InterpreterRuntime(name_of(NAME, delegate), interpreter)
