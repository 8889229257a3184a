"""A layer that two files share, and how far apart they are there."""

from dataclasses import dataclass
from typing import Literal

import msgspec

Note = Literal["", "constant", "exact", "not finite"]


class LayerError(msgspec.Struct, frozen=True, kw_only=True):
    """How far a layer's quantized output is from its float one, over all photos.

    Attributes:
        name: The first of the names that the converter joined for the op.
        kind: The op, as ``CONV_2D``.
        shape: Of the output, ``(1, height, width, channels)`` for most.
        snr_db: ``10 log10(sum x^2 / sum (x - x')^2)``, x' the quantized activation in real numbers; 6 dB are one bit.
            None where it has no value: see `note`.
        input_snr_db: The lowest of the layer's inputs; None where they carry no error.
        own_noise: What the layer itself adds: the share of the signal that is noise, 0 to 1, less that of the noisiest
            input, times the share that was not noise yet. Channels count as the next layer weighs them: a small one may
            matter as much as a large one. None where there is no signal.
        rmse: Root of the mean squared error; None where an activation is not finite.
        rmse_steps: The same, in steps of the quantized output; rounding alone gives 0.29. None for a float output.
        worst_channel: The channel with the lowest ratio of its own.
        worst_channel_snr_db: That ratio.
        note: ``constant``: on all photos, all numbers are the same, so the layer tells nothing; ``exact``: there is no
            error; ``not finite``: the network gives infinity or no number at all.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    snr_db: float | None
    input_snr_db: float | None = None
    own_noise: float | None = None
    rmse: float | None = None
    rmse_steps: float | None = None
    worst_channel: int | None = None
    worst_channel_snr_db: float | None = None
    note: Note = ""


@dataclass(frozen=True)
class Layer:
    """An op's output that both files have.

    Attributes:
        name: See `LayerError.name`.
        kind: The float op.
        shape: Of the output.
        plain: The tensor's number in the float file.
        quantized: Its number in the quantized one.
        inputs: Numbers of the op's inputs in the float file.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    plain: int
    quantized: int
    inputs: tuple[int, ...]
