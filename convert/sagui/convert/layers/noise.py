"""Signal and noise of a layer, added up photo by photo. Pure rules, no I/O."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sagui.convert.layers.values import Note


class Noise:
    """Adds up signal and noise of one layer, channel by channel."""

    def __init__(self) -> None:
        self.signal: npt.NDArray[np.float64] = np.zeros(1)
        self.noise: npt.NDArray[np.float64] = np.zeros(1)
        self.count = 0
        self.low, self.high = np.inf, -np.inf

    def add(self, plain: npt.NDArray[Any], quantized: npt.NDArray[Any]) -> None:
        """Adds a photo.

        Args:
            plain: The float activation ``(..., channels)``.
            quantized: The quantized one, in real numbers, of the same shape.
        """
        channels = plain.shape[-1] if plain.ndim > 1 else 1
        with np.errstate(invalid="ignore", over="ignore"):
            self.signal = self.signal + _squares(plain, channels)
            self.noise = self.noise + _squares(plain - quantized, channels)
        self.count += plain.size
        self.low, self.high = min(self.low, float(plain.min())), max(self.high, float(plain.max()))

    @property
    def finite(self) -> bool:
        """Whether all that was added was."""
        return bool(np.isfinite(self.signal).all() and np.isfinite(self.noise).all())

    @property
    def note(self) -> Note:
        """See `LayerError.note`."""
        if not self.finite:
            return "not finite"
        if self.low == self.high:
            return "constant"
        return "" if self.noise.any() else "exact"

    @property
    def snr_db(self) -> float | None:
        """See `LayerError.snr_db`."""
        return _decibels(self.signal.sum(), self.noise.sum())

    @property
    def rmse(self) -> float | None:
        """See `LayerError.rmse`."""
        return float(np.sqrt(self.noise.sum() / self.count)) if self.finite and self.count else None

    def share(self, weights: npt.NDArray[np.float64] | None = None) -> float | None:
        """How much of the signal is noise, 0 to 1.

        Args:
            weights: How much the power of each channel counts; alike, without them, or where there are not as many.
        """
        counts = weights if weights is not None and weights.shape == self.signal.shape else np.ones(self.signal.shape)
        signal, noise = float((self.signal * counts).sum()), float((self.noise * counts).sum())
        return min(noise / signal, 1.0) if self.finite and signal > 0 else None

    @property
    def worst_channel(self) -> tuple[int, float] | None:
        """The channel with the lowest ratio, and this ratio."""
        ratios = [_decibels(signal, noise) for signal, noise in zip(self.signal, self.noise, strict=True)]
        known = [(ratio, channel) for channel, ratio in enumerate(ratios) if ratio is not None]
        return (min(known)[1], min(known)[0]) if known else None


def _squares(values: npt.NDArray[Any], channels: int) -> npt.NDArray[np.float64]:
    flat = values.reshape(-1, channels)
    return np.asarray(np.square(flat).sum(axis=0, dtype=np.float64))


def _decibels(signal: float, noise: float) -> float | None:
    if not (np.isfinite(signal) and np.isfinite(noise) and signal > 0 and noise > 0):
        return None
    return float(10 * np.log10(signal / noise))
