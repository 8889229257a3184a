"""Runs networks with sagui's core in an environment that has tflite-runtime and nothing of TensorFlow.

``PYTHONPATH=core python lean_runtime.py BUNDLE LIBRARY EDGETPU_LIBRARY HIGH LOW`` prints, as JSON, what came
of each, by its name: a runtime's name, or the error.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from sagui.infer.choose import CANDIDATES, load_runtime
from sagui.infer.errors import InferError
from sagui.infer.load import load_model
from sagui.infer.runtimes import AUTO, CPU, Delegate, Device

ADDITION = (files("sagui.infer") / "probe.tflite").read_bytes()


def main() -> None:
    bundle, library, libedgetpu = map(Path, sys.argv[1:4])
    found = [name for name in ("tensorflow", "keras", "ai_edge_litert") if find_spec(name)]
    said = {"found": ", ".join(found)}
    said["nothing"] = told(partial(delegated, library, "nothing", CANDIDATES))
    for what in ("refuse", "fail", "abort", "fault", "hang"):
        said[what] = told(partial(delegated, library, what, ("tflite_runtime",), 5.0 if what == "hang" else 60.0))
    said["auto"] = told(partial(proven, bundle, AUTO))
    said["cpu"] = told(partial(proven, bundle, CPU))
    options = (("do", "run"), ("high", sys.argv[4]), ("low", sys.argv[5]))
    said["edgetpu"] = told(partial(proven, bundle, Device(Delegate(str(libedgetpu), options))))
    sys.stdout.write(json.dumps(said))


def delegated(library: Path, what: str, candidates: tuple[str, ...], limit_s: float = 60.0) -> str:
    return load_runtime(ADDITION, 1, candidates, Delegate(str(library), (("do", what),)), limit_s=limit_s).name


def proven(bundle: Path, device: Device) -> str:
    model = load_model(bundle, device=device)
    proof = model.prove()
    return f"{model.classifier.runtime.name}: {proof.count if proof else 'no'} frames"


def told(use: Callable[[], str]) -> str:
    try:
        return use()
    except InferError as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
