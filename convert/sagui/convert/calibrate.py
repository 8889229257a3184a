"""The representative dataset: photos by which quantization finds the range of every activation."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sagui.convert.export import Calibration
from sagui.convert.photos import Pixels
from sagui.train.run import SplitPhoto


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


def representative(photos: Sequence[Pixels]) -> Calibration:
    """Makes the converter's representative dataset.

    One photo gets a black and a white corner: the input's range is then 0 to 255, its scale one and its zero point
    zero, and pixels go into the network as they are.

    Args:
        photos: Each ``(height, width, 3)``, as `sagui.infer.preprocess.prepare` gives them.
    """

    def dataset() -> Iterator[list[npt.NDArray[np.float32]]]:
        for number, photo in enumerate(photos):
            batch = photo[np.newaxis].astype(np.float32)
            if number == 0:
                batch[0, 0, 0], batch[0, -1, -1] = 0.0, 255.0
            yield [batch]

    return dataset
