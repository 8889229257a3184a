"""What was found out, for a while and within so many bytes: rules without I/O."""

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

_SWEEP_S = 10.0

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Kept(NamedTuple, Generic[V]):
    value: V
    until_s: float
    size_bytes: int


class Memory(Generic[K, V]):
    """Values by key. What ran out is dropped; past the bound the oldest is."""

    def __init__(self, most_bytes: int) -> None:
        """Begins empty.

        Args:
            most_bytes: So many are kept.
        """
        self._most_bytes = most_bytes
        self._kept: dict[K, _Kept[V]] = {}
        self._sweep_s = 0.0
        self.size_bytes = 0
        """Of all that is kept."""

    def get(self, key: K, now_s: float) -> V | None:
        """Gives a value; None where there is none, or it ran out.

        Args:
            key: Its key.
            now_s: Seconds, by the same clock as in `put`.
        """
        kept = self._kept.get(key)
        return kept.value if kept and kept.until_s > now_s else None

    def put(self, key: K, value: V, size_bytes: int, now_s: float, keep_s: float) -> None:
        """Keeps a value, in the place of an earlier one.

        Args:
            key: Its key.
            value: Whatever it is.
            size_bytes: How much memory it takes, about.
            now_s: Seconds.
            keep_s: For so long.
        """
        if now_s >= self._sweep_s:
            self._sweep_s = now_s + _SWEEP_S
            for old in [old for old, kept in self._kept.items() if kept.until_s <= now_s]:
                self._drop(old)
        self._drop(key)
        self._kept[key] = _Kept(value, now_s + keep_s, size_bytes)
        self.size_bytes += size_bytes
        while self.size_bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def __len__(self) -> int:
        """Counts what is kept."""
        return len(self._kept)

    def _drop(self, key: K) -> None:
        kept = self._kept.pop(key, None)
        self.size_bytes -= kept.size_bytes if kept else 0
