"""A stream: one region of the camera, looked at by one model. A camera has one or several."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import msgspec
import numpy.typing as npt

from sagui.device.cameras.geometry import Region, treat
from sagui.device.decide import Decider
from sagui.infer.load import LoadedModel
from sagui.infer.preprocess import Photo


@dataclass(frozen=True)
class Stream:
    """One region and one model.

    Attributes:
        name: In topics and results; None for the only one.
        model: A classifier whose golden frames were reproduced. Several streams may share it.
        decider: Follows what it sees.
        region: The part of the frame it looks at; None is all of it.
    """

    name: str | None
    model: LoadedModel
    decider: Decider
    region: Region | None = None


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """What a network will be given.

    Attributes:
        inputs: The network's very input.
        preprocess_ms: Time to cut the frame, and to fit it to the input.
    """

    inputs: npt.NDArray[Any]
    preprocess_ms: float


def encode(photo: Photo, streams: Sequence[Stream]) -> tuple[Encoded, ...]:
    """Makes each stream's input of a photo ``(height, width, 3)``."""
    return tuple(_encode(photo, stream) for stream in streams)


def _encode(photo: Photo, stream: Stream) -> Encoded:
    start = perf_counter()
    inputs = stream.model.classifier.encode(treat(photo, stream.region, 0, mirror=False))
    return Encoded(inputs, 1000 * (perf_counter() - start))
