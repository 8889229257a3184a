"""What is worth knowing of photos before anything is learned from them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sagui.train.audit import MAX_UNREADABLE_SHARE, TINY_PIXELS
from sagui.train.balance import imbalance
from sagui.train.datasets.port import Dataset, Photo

Group = tuple[Photo, ...]


@dataclass(frozen=True)
class Leak:
    """Photos that belong together and that a person put into several sets.

    Attributes:
        why: What makes them belong together.
        photos: All of them.
    """

    why: str
    photos: Group


@dataclass(frozen=True)
class Sizes:
    """How large the photos are.

    Attributes:
        smallest: Height and width in pixels of the photo with the fewest,
        median: the median height and the median width,
        largest: and those of the photo with the most.
        common: The commonest sizes, each with how many photos have it.
    """

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    common: tuple[tuple[tuple[int, int], int], ...]


@dataclass(frozen=True)
class Findings:
    """What was found in a dataset.

    Attributes:
        dataset: Its photos, those that cannot be read among them.
        unreadable: Name and reason of each photo that cannot be read.
        contradictions: Photos that are the same file under different labels.
        duplicates: Photos that are the same file with the same labels.
        alike: Groups of photos that look nearly the same.
        leaks: Photos that belong together and were put into several sets.
        bursts: Photos one camera took within moments.
        tiny: Photos with a side under 32 pixels, with height and width.
        sizes: Of the photos that can be read; None if there are none.
        counts: How many photos each class has, of those that can be used.
        usable: Photos that training would use.
    """

    dataset: Dataset
    unreadable: dict[str, str]
    contradictions: tuple[Group, ...]
    duplicates: tuple[Group, ...]
    alike: tuple[Group, ...]
    leaks: tuple[Leak, ...]
    bursts: tuple[Group, ...]
    tiny: tuple[tuple[Photo, tuple[int, int]], ...]
    sizes: Sizes | None
    counts: tuple[int, ...]
    usable: Group

    @property
    def imbalance(self) -> str | None:
        """A sentence, if the classes are very uneven."""
        return imbalance(self.usable, self.dataset.labels)

    @property
    def disputed(self) -> int:
        """Groups of nearly equal photos that do not agree about their labels."""
        return sum(disagree(group) for group in self.alike)

    @property
    def too_many_unreadable(self) -> bool:
        """Whether training would refuse these photos."""
        return len(self.unreadable) > MAX_UNREADABLE_SHARE * len(self.dataset.photos)

    def lines(self) -> list[str]:
        """What was found, a short line each; none if all is well."""
        disputed = f", {_some(self.disputed, 'group')} under different labels" if self.disputed else ""
        refused = f", more than {MAX_UNREADABLE_SHARE:.0%}: training refuses them" if self.too_many_unreadable else ""
        copies = sum(len(group) - 1 for group in self.duplicates)
        found = (
            (self.unreadable, f"{_some(len(self.unreadable), 'photo')} cannot be read{refused}"),
            (self.contradictions, f"{_some(_total(self.contradictions), 'photo')}: the same file under several labels"),
            (self.duplicates, f"{_some(copies, 'photo')}: the same file is there under another name"),
            (self.alike, f"{_in_groups(self.alike, 'group')} look nearly the same{disputed}"),
            (self.leaks, f"leakage: {_some(len(self.leaks), 'group')} of photos that belong together, in several sets"),
            (self.bursts, _in_groups(self.bursts, "burst")),
            (self.tiny, f"{_some(len(self.tiny), 'photo')} with a side under {TINY_PIXELS} pixels"),
            (self.imbalance, f"class imbalance: {self.imbalance}"),
        )
        return [line for what, line in found if what]


def disagree(photos: Sequence[Photo]) -> bool:
    """Whether photos have different labels."""
    return len({frozenset(photo.labels) for photo in photos}) > 1


def _total(groups: Sequence[Sequence[Photo]]) -> int:
    return sum(map(len, groups))


def _in_groups(groups: Sequence[Group], what: str) -> str:
    return f"{_some(_total(groups), 'photo')} in {_some(len(groups), what)}"


def _some(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
