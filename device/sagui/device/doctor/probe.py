"""What may crash or hang is tried in a process of its own: ``python -m sagui.device.doctor.probe VERB ARGUMENT...``.

The answer is one JSON object on the last line. A package built for another numpy, or a runtime built for another
processor, ends a process by a signal; it must not end the doctor.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from signal import Signals
from typing import Any

from sagui.device.machine import Machine
from sagui.errors import SaguiError

LIMIT_S = 60.0
"""How long a probe may take: a Pi Zero 2 W with a slow card needs half of it to load the packages."""


@dataclass(frozen=True)
class Probed:
    """How a probe went.

    Attributes:
        values: What it found, when it went well.
        error: Why not, in one line; empty when it went well.
        crashed: Whether the process was ended by a signal, or took too long.
    """

    values: dict[str, Any]
    error: str = ""
    crashed: bool = False


def run_probe(machine: Machine, *arguments: str) -> Probed:
    """Runs a probe.

    Args:
        machine: Where.
        arguments: ``import MODULE``, ``runtime NAME`` or ``model FILE [LABELS]``.
    """
    answer = machine.ask((machine.python, "-P", "-m", __name__, *arguments), LIMIT_S)
    if answer is None:
        return Probed({}, f"{machine.python} cannot be started")
    if answer.status is None:
        return Probed({}, answer.error, crashed=True)
    if answer.status < 0:
        return Probed({}, f"it crashes ({_signal(-answer.status)})", crashed=True)
    try:
        values = json.loads((answer.out.splitlines() or [""])[-1])
        return Probed(values, str(values.get("error", "")))
    except (ValueError, AttributeError):
        last = (answer.error.strip().splitlines() or [f"it ends with status {answer.status} and no answer"])[-1]
        return Probed({}, last)


def _signal(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def probe_import(name: str) -> dict[str, Any]:
    """Imports a module; says its version and where it lies."""
    module = import_module(name)
    return {"version": str(getattr(module, "__version__", "")), "file": str(module.__file__ or "")}


def probe_runtime(name: str) -> dict[str, Any]:
    """Has a runtime run a network of one addition; says its name and version."""
    from sagui.infer.choose import choose

    return {"name": choose((name,)).NAME}


def probe_model(path: str, labels: str = "") -> dict[str, Any]:
    """Loads a model, on an Edge TPU if it was compiled for one that is here, and reproduces its golden frames."""
    from sagui.infer.load import load_model
    from sagui.infer.runtimes.device import AUTO

    loaded = load_model(Path(path), Path(labels) if labels else None, device=AUTO)
    proof = loaded.prove()
    return {
        "name": loaded.name,
        "version": loaded.version,
        "runtime": loaded.classifier.runtime.name,
        "labels": len(loaded.classifier.labels),
        "notes": list(loaded.notes),
        "golden": None if proof is None else {"count": proof.count, "difference": proof.difference, "unit": proof.unit},
    }


_VERBS: dict[str, Callable[..., dict[str, Any]]] = {
    "import": probe_import,
    "runtime": probe_runtime,
    "model": probe_model,
}
# What importing somebody's package, or giving it a file, can raise; each is an answer, not a bug of ours.
_REFUSALS = (ImportError, AttributeError, RuntimeError, ValueError, TypeError, OSError, SystemError, SaguiError)


def main(arguments: list[str]) -> None:
    """Prints what a probe found, or why it failed, as one line of JSON."""
    verb, *rest = arguments
    try:
        values = _VERBS[verb](*rest)
    except _REFUSALS as error:
        values = {"error": " ".join(str(error).split()) or type(error).__name__}
    sys.stdout.write(f"{json.dumps(values)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
