"""Which library computes for TensorFlow on this processor, as far as numbers depend on it."""

from importlib import import_module


def threads_change_predictions() -> bool:
    """Whether predictions depend, in their last digits, on the number of threads.

    oneDNN's do not (tried with 1 to 4 threads), Eigen's do: one thread adds up in another order than several (tried
    with 1 to 16). TensorFlow takes oneDNN by itself on x86 processors that have AVX-512 VNNI (release notes of 2.9),
    and Eigen on others; ``TF_ENABLE_ONEDNN_OPTS`` is 0 or 1 to have it otherwise.
    """
    try:
        onednn: bool = import_module("tensorflow.python.util._pywrap_util_port").IsMklEnabled()
    except (ImportError, AttributeError):  # it is no public part of TensorFlow
        return True
    return not onednn
