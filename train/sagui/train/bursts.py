"""Which photos one camera took in one go. Pure rules, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Taken:
    """When and by what a photo was taken, as its EXIF data say.

    Attributes:
        camera: Model and serial number, as far as they are known.
        at_ms: Milliseconds since 1970, by the camera's own clock.
    """

    camera: str
    at_ms: int


def bursts(taken: Sequence[Taken | None], seconds: float) -> list[tuple[int, ...]]:
    """Finds photos that follow one another closely.

    Photos that tell their time but not their camera count as one camera's: it is safer to keep too many together.

    Args:
        taken: For each photo, when it was taken; None where it is not known.
        seconds: A photo taken at most so long after another belongs to it; at 0 there are no bursts.

    Returns:
        The positions of each burst's photos, in the order they were taken; two or more each.
    """
    if seconds <= 0:
        return []
    known = sorted((when.camera, when.at_ms, position) for position, when in enumerate(taken) if when is not None)
    found: list[list[int]] = []
    together = False
    for (camera, before_ms, first), (next_camera, at_ms, position) in pairwise(known):
        close = camera == next_camera and at_ms - before_ms <= seconds * 1000
        if close and together:
            found[-1].append(position)
        elif close:
            found.append([first, position])
        together = close
    return [tuple(burst) for burst in found]
