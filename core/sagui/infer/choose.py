"""Choosing a runtime: the first that really runs a network, not the first that can be imported.

A runtime may import and then fail (tflite-runtime beside numpy 2 does). So each candidate first runs a network of one
addition, `probe.tflite`, and only then is given the model. A model that fails after that is itself to blame.

A delegate may do worse: it takes the process down, or never answers. So with a delegate each candidate first runs the
model in a process of its own, and this process loads what worked there.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files

import numpy as np

from sagui.infer.errors import ModelError, NoRuntimeError
from sagui.infer.runtimes.device import Delegate
from sagui.infer.runtimes.port import BROKEN, Runtime, RuntimeModule
from sagui.progress.quiet import quiet_native

CANDIDATES = ("litert", "tflite_runtime", "tensorflow")
"""Modules of `sagui.infer.runtimes`, best first."""

_EDGE_TPU_OP = b"edgetpu-custom-op"

_survived: set[tuple[str, str]] = set()


def load_runtime(
    model: bytes,
    threads: int = 1,
    candidates: Sequence[str] = CANDIDATES,
    delegate: Delegate | None = None,
    limit_s: float | None = None,
) -> Runtime:
    """Loads a TFLite file into the first runtime that works here.

    Args:
        model: The file's content.
        threads: CPU threads, 1 or more.
        candidates: Modules of `sagui.infer.runtimes` to try, best first.
        delegate: What shall run the model; None for the CPU. Each candidate tries it in a process of its own first.
        limit_s: How long such a process may take; `sagui.infer.probe.PROBE_SECONDS` without it.

    Raises:
        NoRuntimeError: No runtime works on this machine, or none with this delegate.
        ModelError: The model needs an Edge TPU, or cannot be loaded.
    """
    _check_file(model, delegate)
    if delegate is not None:
        return _load_delegated(model, threads, candidates, delegate, limit_s)
    with quiet_native():
        module = choose(tuple(candidates))
    try:
        with quiet_native():
            return module.load(model, threads)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"the runtime cannot load this model: {_first_line(error)}") from error


def compiled_for_edgetpu(model: bytes) -> bool:
    """Whether a TFLite file went through the Edge TPU compiler.

    The op's name tells, not the file's: compiled files are renamed freely.
    """
    return _EDGE_TPU_OP in model


@cache
def choose(candidates: tuple[str, ...] = CANDIDATES) -> RuntimeModule:
    """Finds the first runtime that runs the probe.

    Raises:
        NoRuntimeError: None does; the message says what each answered.
    """
    probe = (files("sagui.infer") / "probe.tflite").read_bytes()
    answers = []
    for name in candidates:
        try:
            module = _module(name)
            _check(module.load(probe, 1))
        except BROKEN as error:
            answers.append(f"{_shown(name)}: {_first_line(error)}")
        else:
            return module
    raise NoRuntimeError(
        f"no TFLite runtime works here ({'; '.join(answers)}); install one: pip install ai-edge-litert"
    )


def probe_model(
    model: bytes, threads: int = 1, candidates: Sequence[str] = CANDIDATES, limit_s: float | None = None
) -> None:
    """Runs a model once on the CPU in a process of its own, because some models end the process that loads them.

    A model that survived is remembered, as long as this process lives, and not tried again with the same runtime.

    Args:
        model: A TFLite file's content.
        threads: See `load_runtime`.
        candidates: See `load_runtime`.
        limit_s: See `load_runtime`.

    Raises:
        NoRuntimeError: No runtime works on this machine.
        ModelError: The model cannot be loaded or run, ends the process, or does not answer in time.
    """
    _check_file(model, None)
    with quiet_native():
        module = choose(tuple(candidates))
    key = (hashlib.sha256(model).hexdigest(), module.NAME)
    if key in _survived:
        return
    outcome, detail = _try(module.__name__.rpartition(".")[2], model, threads, None, limit_s)
    if outcome == "late":
        raise ModelError(f"{module.NAME} gives {detail}: the machine is too busy, or the file is damaged")
    if outcome == "died":
        raise ModelError(
            f"{module.NAME} does not survive this model ({detail}): the file is damaged or was converted wrong; "
            "convert it again"
        )
    if outcome != "works":
        raise ModelError(f"the runtime cannot use this model: {detail}")
    _survived.add(key)


def _load_delegated(
    model: bytes, threads: int, candidates: Sequence[str], delegate: Delegate, limit_s: float | None
) -> Runtime:
    answers = []
    for name in candidates:
        outcome, detail = _try(name, model, threads, delegate, limit_s)
        if outcome == "works":
            try:
                with quiet_native():
                    return _module(name).load(model, threads, delegate)
            except BROKEN as error:  # it worked a moment ago: unplugged, or taken by another process
                detail = _first_line(error)
        answers.append(f"{_shown(name)}: {detail}")
        if outcome == "missing":
            break
    mend = "; is the Edge TPU plugged in, and libedgetpu1-std installed?" if delegate.edgetpu else ""
    raise NoRuntimeError(f"{delegate} does not work here ({'; '.join(answers)}){mend}")


def _try(name: str, model: bytes, threads: int, delegate: Delegate | None, limit_s: float | None) -> tuple[str, str]:
    from sagui.infer.probe import PROBE_SECONDS, try_apart
    from sagui.infer.probe_child import Trial

    limit_s = PROBE_SECONDS if limit_s is None else limit_s
    answer = try_apart(Trial(runtime=name, model=model, threads=threads, delegate=delegate, limit_s=limit_s))
    return answer.outcome, answer.detail


def _check_file(model: bytes, delegate: Delegate | None) -> None:
    if model[4:8] != b"TFL3":
        raise ModelError("not a TFLite file")
    if compiled_for_edgetpu(model) and not (delegate and delegate.edgetpu):
        raise ModelError(
            "this file was compiled for a Coral Edge TPU and cannot run without one: choose the device edgetpu, or use "
            "the file it was compiled from (the one without _edgetpu in its name)"
        )


def _module(name: str) -> RuntimeModule:
    module: RuntimeModule = import_module(f"sagui.infer.runtimes.{name}")
    return module


def _check(runtime: Runtime) -> None:
    answer = runtime.invoke(np.array([1.0, 2.0], np.float32))
    if answer.tolist() != [[2.0, 4.0]]:
        raise ModelError(f"it answers {answer.tolist()} to 1 + 1 and 2 + 2")


def _shown(name: str) -> str:
    return name.replace("_", "-")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [repr(error)])[0]
