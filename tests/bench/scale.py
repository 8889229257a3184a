"""A dataset far larger than memory should need: how much does training hold?

`make bench-scale` draws the photos (small JPEG files), trains a probe on them in a process of its own, and reads that
process' highest resident memory, files that are mapped included.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from tests.bench.rows import Row

PHOTOS = 200_000
_SIDE = 32
_CLASSES = 4
_LIMIT_GIB = 2.0
_TRAIN = """
import json, sys
from pathlib import Path
from sagui.train.datasets import open_dataset
from sagui.train.pipeline import train
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings
settings = ["backbone.name=mobilenet-v2", "backbone.alpha=0.35", "backbone.weights=none", "training.blocks=0",
            "training.epochs=2", "input.size=32", "augmentation.views=mirror"]
data, out, cache = map(Path, sys.argv[1:])
run = train(open_dataset(str(data)), with_settings(Recipe(), settings), out, cache)
photos = sum(map(len, run.split.values()))
# Not getrusage's ru_maxrss: that starts with what the process that started this one held.
status = Path("/proc/self/status").read_text()
peak_kib = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
print(json.dumps({"peak_kib": peak_kib, "photos": photos,
                  "seconds": run.seconds}))
"""


def draw_photos(root: Path, photos: int) -> None:
    """Draws photos of coloured clouds, each different, with a disc whose colour is the class."""
    rng = np.random.default_rng(0)
    for label in range(_CLASSES):
        for thousand in range(-(-photos // _CLASSES // 1000)):
            (root / f"class{label}" / str(thousand)).mkdir(parents=True)
    for number in range(photos):
        label, at = number % _CLASSES, number // _CLASSES
        clouds = rng.integers(0, 160, (5, 5, 3), dtype=np.uint8)
        photo = np.asarray(cv2.resize(clouds, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC))
        x, y = rng.integers(8, 24, 2)
        colour = (60 + 60 * label, 255 - 60 * label, int(rng.integers(0, 255)))
        cv2.circle(photo, (int(x), int(y)), 6, colour, -1)
        cv2.imwrite(str(root / f"class{label}" / str(at // 1000) / f"{at}.jpg"), photo)


def memory_200k(folder: Path, photos: int = PHOTOS) -> Row:
    """The highest resident memory of a training on so many photos, in GiB, against the limit."""
    start = time.perf_counter()
    draw_photos(folder / "photos", photos)
    sys.stdout.write(f"  {photos} photos drawn in {time.perf_counter() - start:.0f} s\n")
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _TRAIN, str(folder / "photos"), str(folder / "run"), str(folder / "cache")],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    told = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(f"  {told['photos']} photos in {time.perf_counter() - start:.0f} s: {told['seconds']}\n")
    return Row(f"memory_{photos // 1000}k", told["peak_kib"] / 2**20, "GiB", "the limit", _LIMIT_GIB)
