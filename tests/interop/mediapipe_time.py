"""How long MediaPipe's stock ImageClassifier takes. Runs where MediaPipe is and sagui is not.

``python mediapipe_time.py FILE PHOTO`` reads a number from each line of its input, classifies the photo as often, and
answers with the times in milliseconds, as JSON on a line.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path


def main() -> None:
    stock = import_module("mediapipe_classify")
    # The photo is in memory, as MediaPipe wants it: neither reading nor wrapping it is timed.
    photo = import_module("mediapipe").Image.create_from_file(sys.argv[2])
    with stock.stock_classifier(stock.model_of(Path(sys.argv[1]))) as classifier:
        for line in sys.stdin:
            times = []
            for _ in range(int(line)):
                start = time.perf_counter()
                categories = classifier.classify(photo).classifications[0].categories
                [(each.category_name, each.score) for each in categories]
                times.append(1000 * (time.perf_counter() - start))
            sys.stdout.write(json.dumps(times) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
