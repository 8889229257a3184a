"""The process in which a model is tried: native runtimes and delegates may end it, or never answer.

It reads a trial from standard input and answers on standard output, both msgpack.
"""

import math
import os
import resource
import signal
import sys
from importlib import import_module
from typing import Literal

import msgspec
import numpy as np

from sagui.infer.choose import choose
from sagui.infer.runtimes.device import Delegate
from sagui.infer.runtimes.port import BROKEN, Runtime, RuntimeModule


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What to try.

    Attributes:
        runtime: A module of `sagui.infer.runtimes`.
        model: A TFLite file's content.
        threads: CPU threads.
        delegate: The library that shall run it; None for the CPU.
        limit_s: How long an answer is waited for.
    """

    runtime: str
    model: bytes
    threads: int
    delegate: Delegate | None
    limit_s: float


class Answer(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        outcome: ``refused`` with a reason by the runtime or the delegate, ``missing`` where the delegate's library
            cannot be loaded by any runtime, ``died`` by a signal, ``late`` if there was no answer in time.
        detail: The runtime's name and version where it works, else the reason in one line.
    """

    outcome: Literal["works", "refused", "missing", "died", "late"]
    detail: str


def try_here(trial: Trial) -> Answer:
    """Loads a model and runs it once on a black photo, in this process."""
    try:
        runtime = _load(trial)
        photo = runtime.inputs[0]
        runtime.invoke(np.zeros(photo.shape[1:], photo.dtype))
    except OSError as error:
        return Answer("missing" if trial.delegate else "refused", one_line(error))
    except BROKEN as error:
        return Answer("refused", one_line(error))
    return Answer("works", runtime.name)


def _load(trial: Trial) -> Runtime:
    """Goes the way that the asker would go: what a broken model does depends on what was in memory before."""
    if trial.delegate is None:
        return choose((trial.runtime,)).load(trial.model, trial.threads)
    module: RuntimeModule = import_module(f"sagui.infer.runtimes.{trial.runtime}")
    return module.load(trial.model, trial.threads, trial.delegate)


def one_line(error: Exception) -> str:
    """What an exception says, without its line breaks."""
    return " ".join(str(error).split()) or type(error).__name__


def main() -> None:
    """Reads a trial, makes it, and answers."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what native libraries print is no part of the answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash here is expected, and no file worth an SD card's wear
    trial = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Trial)
    # A signal that Python does not handle also ends native code; who started this process may be gone.
    signal.alarm(math.ceil(trial.limit_s) + 1)
    told = try_here(trial)
    with answer:
        answer.write(msgspec.msgpack.encode(told))


if __name__ == "__main__":
    main()
