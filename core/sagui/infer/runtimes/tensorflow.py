"""The interpreter inside TensorFlow, for a workstation that has nothing lighter."""

import tensorflow as tf

from sagui.infer.runtimes.interpreter import InterpreterRuntime
from sagui.infer.runtimes.port import Runtime


def load(model: bytes, threads: int) -> Runtime:
    """Builds an interpreter for a model.

    Args:
        model: A TFLite file's content.
        threads: CPU threads, 1 or more.
    """
    interpreter = tf.lite.Interpreter(model_content=model, num_threads=threads)
    return InterpreterRuntime(f"tensorflow {tf.__version__}", interpreter)
