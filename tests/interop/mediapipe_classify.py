"""What MediaPipe's stock ImageClassifier says of photos. Runs where MediaPipe is and sagui is not.

``python mediapipe_classify.py FILE PHOTO...`` prints, as JSON, a list of ``[label, score]`` for each photo, best first.
"""

import json
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any


def model_of(path: Path) -> bytes:
    """The model of a bundle, straight from its zip; or a TFLite file."""
    if path.suffix == ".sagui":
        with zipfile.ZipFile(path) as bundle:
            return bundle.read("model.tflite")
    return path.read_bytes()


def stock_classifier(model: bytes) -> Any:
    """An ImageClassifier with nothing chosen but the file."""
    python = import_module("mediapipe.tasks.python")
    options = python.vision.ImageClassifierOptions(base_options=python.BaseOptions(model_asset_buffer=model))
    return python.vision.ImageClassifier.create_from_options(options)


def main() -> None:
    image = import_module("mediapipe").Image
    with stock_classifier(model_of(Path(sys.argv[1]))) as classifier:
        seen = [classifier.classify(image.create_from_file(photo)).classifications for photo in sys.argv[2:]]
    sys.stdout.write(json.dumps([[(each.category_name, each.score) for each in heads[0].categories] for heads in seen]))


if __name__ == "__main__":
    main()
