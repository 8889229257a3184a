"""The photos of a run, read again and fitted by the one preprocessing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sagui.infer.preprocess import decode_photo, prepare
from sagui.train.run import Part, Run, SplitPhoto, read_photo_file

Pixels = npt.NDArray[np.uint8]
"""A photo fitted to the network's input, ``(height, width, 3)``."""


class RunPhotos:
    """Reads photos of a run's split, and makes sure that each is still the same."""

    def __init__(self, run: Run, root: Path | None) -> None:
        """Remembers where they are.

        Args:
            run: The run.
            root: Where its photos lie now, if they were moved.
        """
        self._run, self._root = run, root

    def pixels(self, photo: SplitPhoto) -> Pixels:
        """Reads one.

        Raises:
            RunError: It is gone or has changed.
        """
        return prepare(decode_photo(read_photo_file(self._run, photo, self._root)), self._run.input)

    def all(self, photos: Sequence[SplitPhoto]) -> list[Pixels]:
        """Reads some."""
        return [self.pixels(photo) for photo in photos]

    def of(self, part: Part) -> Iterator[tuple[Pixels, int]]:
        """Reads a part of the split, one by one, with the number of its label."""
        for photo in self._run.split[part]:
            yield self.pixels(photo), photo.label
