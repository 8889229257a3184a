"""Which photos look nearly the same. Pure rules, no I/O.

A photo saved again with other compression, size or brightness, a frame of the same scene a moment later: when one of
them is learned from and another tested on, the test measures memory. Two photos are near-duplicates when

- their perceptual hashes (64 bits, Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010)
  differ in at most `MAX_DISTANCE` bits, and
- their thumbnails agree: photos of one kind of scene share hashes by chance.

The limits were measured. On generated photos they find 95 % or more of those that were compressed as JPEG 40-90,
resized to 50-150 %, made up to 12 % lighter, or lost 2 % of width and height. On ELPV, where all photos show the same
kind of thing, they find 47 of 54 cells that were photographed again, in groups of up to 15; with 6 bits, the largest
group has 69 photos, with 8 bits 524 of 2,624.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Hashes = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]
Thumbnails = Callable[[Positions], npt.NDArray[np.uint8]]
"""Gives the thumbnails ``(positions, side, side, 3)`` of some photos."""

HASH_BITS = 64
MAX_DISTANCE = 4
MIN_CORRELATION = 0.93
MAX_SHIFT = 48.0
"""How much lighter or darker a colour may be in the mean, of 255."""

_NOISE = 1.0  # variance, in grey levels: below it a thumbnail is one flat colour, and its pattern is chance
_CHUNK = 512  # pairs compared at a time: 2 x 6 MB of thumbnails
_MAX_APART = 256  # photos that share a band and are compared with each: bounds the time where thousands look alike


def near_duplicates(hashes: Hashes, thumbnails: Thumbnails) -> list[tuple[int, int]]:
    """Finds photos that look nearly the same.

    Args:
        hashes: The perceptual hash of each photo ``(photos,)``.
        thumbnails: Asked for those whose hashes are close.

    Returns:
        Pairs of positions, the smaller first. They link each group of near-duplicates together; of a large group they
        are not all pairs, which could be more than fit into memory.
    """
    links = _Links(len(hashes))
    for band in _bands(hashes):
        for left, right in _neighbours(hashes, band, links):
            links.add(left, right, thumbnails)
    return links.pairs()


class _Links:
    """Pairs found so far, and which photos they link, directly or not."""

    def __init__(self, photos: int) -> None:
        self.groups = np.arange(photos)
        self._pairs = np.empty((2, 0), np.int64)

    def add(self, left: Positions, right: Positions, thumbnails: Thumbnails) -> None:
        """Links those pairs that look the same and are not linked yet."""
        fresh = self.groups[left] != self.groups[right]
        left, right = left[fresh], right[fresh]
        same = np.zeros(len(left), bool)
        for start in range(0, len(left), _CHUNK):
            part = slice(start, start + _CHUNK)
            same[part] = look_same(thumbnails(left[part]), thumbnails(right[part]))
        if same.any():
            self._pairs = np.concatenate([self._pairs, [left[same], right[same]]], axis=1)
            photos = len(self.groups)
            graph = coo_array((np.ones(self._pairs.shape[1], bool), tuple(self._pairs)), shape=(photos, photos))
            self.groups = connected_components(graph, directed=False)[1]

    def pairs(self) -> list[tuple[int, int]]:
        """Each pair once, in order."""
        ordered = np.unique(np.sort(self._pairs, axis=0), axis=1)
        return [(int(first), int(second)) for first, second in ordered.T]


def _bands(hashes: Hashes) -> Iterator[Hashes]:
    """Cuts the hashes into one part more than bits may differ: at least one part of two close hashes is equal."""
    edges = np.linspace(0, HASH_BITS, MAX_DISTANCE + 2).round().astype(int)
    for start, end in pairwise(edges.tolist()):
        yield (hashes >> np.uint64(start)) & np.uint64((1 << (end - start)) - 1)


def _neighbours(hashes: Hashes, band: Hashes, links: _Links) -> Iterator[tuple[Positions, Positions]]:
    """Pairs with close hashes among those whose band is equal: neighbours in order first, then those two apart, ..."""
    order = np.lexsort((hashes, band))
    band = band[order]
    starts = np.arange(len(order))
    for apart in range(1, _MAX_APART + 1):
        starts = starts[starts + apart < len(order)]
        starts = starts[band[starts] == band[starts + apart]]
        if not len(starts):
            return
        left, right = order[starts], order[starts + apart]
        close = np.bitwise_count(hashes[left] ^ hashes[right]) <= MAX_DISTANCE
        yield left[close], right[close]
        if apart.bit_count() == 1:
            # Nothing is left to link in most runs by now; without this, a thousand equal photos are 500,000 pairs.
            starts = starts[_unfinished(band, links.groups[order])[starts]]


def _unfinished(band: Hashes, groups: Positions) -> npt.NDArray[np.bool_]:
    """For each place in order, whether the photos with its band are still of several groups."""
    firsts = np.flatnonzero(np.r_[True, band[1:] != band[:-1]])
    several = np.minimum.reduceat(groups, firsts) != np.maximum.reduceat(groups, firsts)
    return np.repeat(several, np.diff(np.r_[firsts, len(band)]))


def look_same(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Compares thumbnails ``(pairs, side, side, 3)`` by normalized correlation and by mean colour.

    Correlation is blind to brightness and contrast, so a black frame and a white one need the second.
    """
    first, second = _centred(left), _centred(right)
    colours, other_colours = _colours(first, left.shape[-1]), _colours(second, left.shape[-1])
    mean, other_mean = colours.mean(axis=1), other_colours.mean(axis=1)
    spread = np.sqrt(_covariance(first, first, mean, mean) * _covariance(second, second, other_mean, other_mean))
    correlation = _covariance(first, second, mean, other_mean) / spread
    return np.asarray((correlation >= MIN_CORRELATION) & (np.abs(colours - other_colours).max(axis=1) <= MAX_SHIFT))


def _centred(small: npt.NDArray[np.uint8]) -> _Floats:
    """Numbers around zero ``(pairs, values)``, whose squares 32 bits hold exactly enough."""
    return small.reshape(len(small), -1).astype(np.float32) - np.float32(128)


def _colours(values: _Floats, channels: int) -> _Floats:
    return np.asarray(values.reshape(len(values), -1, channels).mean(axis=1))


def _covariance(first: _Floats, second: _Floats, mean: _Floats, other_mean: _Floats) -> _Floats:
    return np.asarray(np.einsum("pv,pv->p", first, second) / first.shape[1] - mean * other_mean + _NOISE)
