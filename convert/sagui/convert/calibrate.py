"""The representative dataset: photos by which quantization finds the range of every activation."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sagui.convert.errors import CalibrationError
from sagui.convert.photos import Pixels
from sagui.train.run import SplitPhoto

Calibration = Callable[[], Iterator[list[npt.NDArray[np.generic]]]]
"""What the converter calls a representative dataset."""


def check_count(photos: Sequence[SplitPhoto], labels: Sequence[str], count: int) -> None:
    """Makes sure that every class can tell its ranges.

    Args:
        photos: The training photos.
        labels: The classes.
        count: How many photos were asked for.

    Raises:
        CalibrationError: There are fewer photos than classes, or a class without training photos.
    """
    if count < len(labels):
        raise CalibrationError(
            f"--calibration {count}: fewer photos than the {len(labels)} classes; 100 or more are better"
        )
    present = Counter(photo.label for photo in photos)
    if absent := [label for number, label in enumerate(labels) if not present[number]]:
        raise CalibrationError(
            f"no training photo of class {', '.join(map(repr, absent))}: its ranges cannot be told; "
            "add photos and train again, or leave the class out"
        )


def choose_photos(photos: Sequence[SplitPhoto], count: int, seed: int) -> list[SplitPhoto]:
    """Draws photos so that each class has nearly the same number.

    Args:
        photos: The training photos; never others.
        count: How many; all, if there are fewer.
        seed: The same seed draws the same photos.
    """
    rng = np.random.default_rng(seed)
    by_class: dict[int, list[SplitPhoto]] = {}
    for position in rng.permutation(len(photos)):
        by_class.setdefault(photos[position].label, []).append(photos[position])
    turns = max((len(queue) for queue in by_class.values()), default=0)
    in_turn = (queue[turn] for turn in range(turns) for _, queue in sorted(by_class.items()) if turn < len(queue))
    return [photo for photo, _ in zip(in_turn, range(count), strict=False)]


def representative(photos: Sequence[Pixels], dtype: str = "float32") -> Calibration:
    """Makes the converter's representative dataset.

    One photo gets a black and a white corner: the input's range is then 0 to 255, its scale one and its zero point
    zero, and pixels go into the network as they are.

    Args:
        photos: Each ``(height, width, 3)``, as `sagui.infer.preprocess.prepare` gives them.
        dtype: What the SavedModel takes.
    """

    def dataset() -> Iterator[list[npt.NDArray[np.generic]]]:
        for number, photo in enumerate(photos):
            batch = photo[np.newaxis].astype(dtype)
            if number == 0:
                batch[0, 0, 0], batch[0, -1, -1] = 0, 255
            yield [batch]

    return dataset
