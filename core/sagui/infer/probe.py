"""Tries a model in a process of its own, with a time limit: what crashes or hangs there costs nothing here."""

import signal
import subprocess
import sys
from collections.abc import Sequence

import msgspec

from sagui.infer.probe_child import Answer, Trial

PROBE_SECONDS = 30.0
"""How long a model may take to be loaded and run once; a first USB Edge TPU gets its firmware meanwhile."""

CHILD = (sys.executable, "-P", "-m", "sagui.infer.probe_child")
"""The program that makes one trial."""

_REAP_SECONDS = 2.0


def try_apart(trial: Trial, child: Sequence[str] = CHILD) -> Answer:
    """Makes a trial in a fresh process, which is gone afterwards.

    Args:
        trial: What to try, and how long.
        child: The program that does.
    """
    try:
        process = subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603
    except OSError as error:
        return Answer("refused", f"no process to try it in can be started: {error.strerror}")
    try:
        told, said = process.communicate(msgspec.msgpack.encode(trial), trial.limit_s)
    except subprocess.TimeoutExpired:
        return Answer("late", f"no answer in {trial.limit_s:g} s")
    finally:
        _end(process)
    if process.returncode < 0:
        return Answer("died", f"ended by {_signal_name(-process.returncode)}{_last_words(said)}")
    try:
        return msgspec.msgpack.decode(told, type=Answer)
    except msgspec.DecodeError:
        return Answer("died", f"ended with status {process.returncode} and no answer{_last_words(said)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_REAP_SECONDS)
    except subprocess.TimeoutExpired:
        # It waits in the kernel for a device; it dies when that answers, and nobody should wait for it.
        return


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_words(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines()]
    said = [line for line in lines if line and not line.startswith("INFO:")]
    return f": {said[-1][:200]}" if said else ""
