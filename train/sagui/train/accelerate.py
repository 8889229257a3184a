"""GPUs, where there are some: 16-bit floats, and one network mirrored on several."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal

import keras
import tensorflow as tf

from sagui.progress import Progress


@contextmanager
def accelerated(choice: Literal["auto", "on", "off"], progress: Progress) -> Iterator[str]:
    """Builds and trains networks as the machine does best.

    Args:
        choice: Whether to compute in 16-bit floats; ``auto`` does on GPUs alone.
        progress: Told what is used.

    Yields:
        The dtype policy's name: networks must be rebuilt in 32-bit floats where it is another.
    """
    gpus = tf.config.list_physical_devices("GPU")
    before = keras.config.dtype_policy()
    mixed = choice == "on" or (choice == "auto" and bool(gpus))
    # A CPU has no 16-bit floats with a small exponent, and needs no loss scaling with the other kind.
    policy = ("mixed_float16" if gpus else "mixed_bfloat16") if mixed else "float32"
    if gpus or mixed:
        mirrored = f", the network mirrored on {len(gpus)} GPUs" if len(gpus) > 1 else ""
        progress.say(f"  computing on {len(gpus)} GPU(s) with {policy}{mirrored}")
    keras.config.set_dtype_policy(policy)
    scope = tf.distribute.MirroredStrategy().scope() if len(gpus) > 1 else nullcontext()
    try:
        with scope:
            yield policy
    finally:
        keras.config.set_dtype_policy(before)
