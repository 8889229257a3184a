"""Looks for what is wrong with photos, with the same eyes as training, and changes nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sagui.bundle.replace import write_bytes
from sagui.progress import SILENT, Progress
from sagui.train.audit import TINY_PIXELS, Copies, without_copies
from sagui.train.balance import counts
from sagui.train.bursts import bursts
from sagui.train.data.findings import Findings, Group, Leak, Sizes, disagree
from sagui.train.data.page import render
from sagui.train.datasets.port import Dataset, Photo
from sagui.train.look import Looks
from sagui.train.near import near_duplicates
from sagui.train.recipe.choices import SplitChoice
from sagui.train.split import clusters
from sagui.train.survey import survey

_COMMON_SIZES = 5


def inspect(dataset: Dataset, out: Path, cache: Path, progress: Progress = SILENT) -> Findings:
    """Looks at every photo, and writes a page with thumbnails of what was found.

    Args:
        dataset: The photos; however many of them cannot be read.
        out: The HTML file to write; its folder is made.
        cache: What was seen of photos before comes from here.
        progress: Told of each photo.

    Raises:
        TrainError: The cache cannot be written.
        OSError: The page cannot be written.
    """
    findings = find(dataset, cache, progress)
    with progress.task("Write the page"):
        page = render(findings)
        out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(out, page.encode())
    return findings


def find(dataset: Dataset, cache: Path, progress: Progress = SILENT) -> Findings:
    """Looks at every photo.

    Raises:
        TrainError: The cache cannot be written.
    """
    found = survey(dataset, None, cache, progress)
    copies = without_copies(dataset.photos, found)
    readable = [(photo, key) for photo, key in zip(dataset.photos, found.keys, strict=True) if key is not None]
    seen = found.looks([key for _, key in readable])
    usable = tuple(dataset.photos[at] for at in copies.kept)
    looks = found.looks([key for at in copies.kept if (key := found.keys[at])])
    with progress.task("Compare them"):
        alike = _alike(usable, looks)
    shots = _groups(usable, bursts(looks.taken, SplitChoice().burst_seconds))
    duplicates = _duplicates(dataset, copies)
    return Findings(
        dataset=dataset,
        unreadable=found.unreadable,
        contradictions=_named_groups(dataset, copies.contradictions),
        duplicates=duplicates,
        alike=alike,
        leaks=tuple(_leaks(usable, duplicates, alike, shots)),
        bursts=shots,
        tiny=tuple(_tiny([photo for photo, _ in readable], seen)),
        sizes=_sizes(seen),
        counts=counts(usable, dataset.labels),
        usable=usable,
    )


def _alike(photos: Sequence[Photo], looks: Looks) -> tuple[Group, ...]:
    """Groups of near-duplicates: those first whose labels disagree, then the largest."""
    together: dict[int, list[int]] = {}
    linked = near_duplicates(looks.hashes, looks.thumbnails)
    ungrouped = [Photo(photo.name, photo.labels, "") for photo in photos]
    for position, number in enumerate(clusters(ungrouped, linked)):
        together.setdefault(number, []).append(position)
    groups = _groups(photos, [positions for positions in together.values() if len(positions) > 1])
    return tuple(sorted(groups, key=lambda group: (not disagree(group), -len(group), group[0].name)))


def _groups(photos: Sequence[Photo], groups: Iterable[Sequence[int]]) -> tuple[Group, ...]:
    return tuple(tuple(photos[at] for at in group) for group in groups)


def _duplicates(dataset: Dataset, copies: Copies) -> tuple[Group, ...]:
    groups: dict[str, list[str]] = {}
    for copy, kept in copies.duplicates:
        groups.setdefault(kept, [kept]).append(copy)
    return _named_groups(dataset, groups.values())


def _named_groups(dataset: Dataset, groups: Iterable[Sequence[str]]) -> tuple[Group, ...]:
    by_name = {photo.name: photo for photo in dataset.photos}
    return tuple(tuple(by_name[name] for name in names) for names in groups)


def _leaks(usable: Sequence[Photo], *kinds: Sequence[Group]) -> Iterator[Leak]:
    sessions: dict[str, list[Photo]] = {}
    for photo in usable:
        if photo.group:
            sessions.setdefault(photo.group, []).append(photo)
    reasons = ("the same file", "nearly the same", "one burst", "one group")
    for why, groups in zip(reasons, (*kinds, tuple(map(tuple, sessions.values()))), strict=True):
        for group in groups:
            if len({photo.part for photo in group} - {None}) > 1:
                yield Leak(why, tuple(group))


def _tiny(photos: Sequence[Photo], looks: Looks) -> Iterator[tuple[Photo, tuple[int, int]]]:
    for photo, (height, width) in zip(photos, looks.sizes.tolist(), strict=True):
        if min(height, width) < TINY_PIXELS:
            yield photo, (height, width)


def _sizes(looks: Looks) -> Sizes | None:
    sizes = looks.sizes
    if not len(sizes):
        return None
    pixels = sizes.prod(axis=1)
    height, width = np.median(sizes, axis=0).round().astype(int).tolist()
    common = Counter(map(tuple, sizes.tolist())).most_common(_COMMON_SIZES)
    return Sizes(
        smallest=_pair(sizes[pixels.argmin()].tolist()),
        median=(height, width),
        largest=_pair(sizes[pixels.argmax()].tolist()),
        common=tuple((_pair(size), count) for size, count in common),
    )


def _pair(size: Sequence[int]) -> tuple[int, int]:
    height, width = size
    return height, width
