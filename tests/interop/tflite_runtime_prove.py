"""Loads a bundle with sagui's core on tflite-runtime, and reproduces its golden frames.

``PYTHONPATH=core python tflite_runtime_prove.py BUNDLE`` prints, as JSON, which runtime ran, how far it was from the
golden outputs (null where the bundle refuses it), and its raw outputs.
"""

import json
import sys
from pathlib import Path

from sagui.infer.errors import GoldenError
from sagui.infer.load import LoadedModel, load_model


def difference(model: LoadedModel) -> float | None:
    """As the proof says, in the bundle's unit."""
    try:
        proof = model.prove()
    except GoldenError:
        return None
    assert proof is not None
    return proof.difference


def main() -> None:
    model = load_model(Path(sys.argv[1]))
    assert model.proof is not None
    runtime = model.classifier.runtime
    outputs = [runtime.invoke(frame).reshape(-1).tolist() for frame in model.proof[0].frames]
    said = {"runtime": runtime.name, "difference": difference(model), "outputs": outputs}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
