"""Choosing a runtime: the first that really runs a network, not the first that can be imported.

A runtime may import and then fail (tflite-runtime beside numpy 2 does). So each candidate first runs a network of one
addition, `probe.tflite`, and only then is given the model. A model that fails after that is itself to blame.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files

import numpy as np

from sagui.infer.errors import InferError, ModelError, NoRuntimeError
from sagui.infer.runtimes.port import Runtime
from sagui.progress.quiet import quiet_native

CANDIDATES = ("litert", "tflite_runtime", "tensorflow")
"""Modules of `sagui.infer.runtimes`, best first."""

Loader = Callable[[bytes, int], Runtime]

_EDGE_TPU_OP = b"edgetpu-custom-op"
_BROKEN = (ImportError, AttributeError, RuntimeError, ValueError, TypeError, OSError, SystemError, InferError)


def load_runtime(model: bytes, threads: int = 1, candidates: Sequence[str] = CANDIDATES) -> Runtime:
    """Loads a TFLite file into the first runtime that works here.

    Args:
        model: The file's content.
        threads: CPU threads, 1 or more.
        candidates: Modules of `sagui.infer.runtimes` to try, best first.

    Raises:
        NoRuntimeError: No runtime works on this machine.
        ModelError: The model needs an Edge TPU, or cannot be loaded.
    """
    if model[4:8] != b"TFL3":
        raise ModelError("not a TFLite file")
    if _EDGE_TPU_OP in model:
        # The op's name, not the file's, tells: compiled files are renamed freely.
        raise ModelError(
            "this file was compiled for a Coral Edge TPU and this sagui runs on the CPU: "
            "use the file it was compiled from (the one without _edgetpu in its name)"
        )
    with quiet_native():
        load = choose(tuple(candidates))
    try:
        with quiet_native():
            return load(model, threads)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"the runtime cannot load this model: {str(error).splitlines()[0]}") from error


@cache
def choose(candidates: tuple[str, ...] = CANDIDATES) -> Loader:
    """Finds the first runtime that runs the probe.

    Raises:
        NoRuntimeError: None does; the message says what each answered.
    """
    probe = (files("sagui.infer") / "probe.tflite").read_bytes()
    answers = []
    for name in candidates:
        try:
            loader: Loader = import_module(f"sagui.infer.runtimes.{name}").load
            _check(loader(probe, 1))
        except _BROKEN as error:
            answers.append(f"{name.replace('_', '-')}: {(str(error).splitlines() or [repr(error)])[0]}")
        else:
            return loader
    raise NoRuntimeError(
        f"no TFLite runtime works here ({'; '.join(answers)}); install one: pip install ai-edge-litert"
    )


def _check(runtime: Runtime) -> None:
    answer = runtime.invoke(np.array([1.0, 2.0], np.float32))
    if answer.tolist() != [[2.0, 4.0]]:
        raise ModelError(f"it answers {answer.tolist()} to 1 + 1 and 2 + 2")
