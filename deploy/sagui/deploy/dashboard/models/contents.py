"""What is known of a registry, as values. No I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

from sagui.bundle import Manifest, Proportion
from sagui.registry import Index, Published

Place = Literal["listed", "withdrawn", "stranger"]
"""Whether a version can be had, was taken back, or was never there."""

_LONGEST = 40


@dataclass(frozen=True)
class Summary:
    """What a bundle's manifest says, as far as it is shown.

    Attributes:
        created: As it stands there.
        quantization: Its mode.
        forced: Whether the accuracy gate had refused it.
        exported: Share of the test photos that the shipped file named right.
        parent: The same of the float network that it was made of.
    """

    created: str
    quantization: str
    forced: bool
    exported: Proportion
    parent: Proportion


@dataclass(frozen=True)
class Listed:
    """What is published.

    Attributes:
        models: Their lists of versions.
        withdrawn: By model, versions that were taken back.
    """

    models: Mapping[str, Index] = field(default_factory=dict)
    withdrawn: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """What is known of the registry.

    Attributes:
        listed: What is published; None until it was read.
        opened: What bundles say of themselves, by SHA-256; why that cannot be told, where it cannot.
        trouble: Why the registry could not be read at the last look; empty if it could.
    """

    listed: Listed | None = None
    opened: Mapping[str, Summary | str] = field(default_factory=dict)
    trouble: str = ""

    def place(self, model: str, version: str) -> Place | None:
        """Whether a version can be had; None where that is not known."""
        if self.listed is None:
            return None
        index = self.listed.models.get(model)
        if index is not None and index.find(version) is not None:
            return "listed"
        return "withdrawn" if version in self.listed.withdrawn.get(model, frozenset()) else "stranger"

    def lacking(self, models: Iterable[str]) -> list[str]:
        """Names those of which no version can be had; none while that is not known."""
        return [] if self.listed is None else sorted(set(models) - {"", *self.listed.models})

    def choices(self, models: Iterable[str], most: int) -> list[str]:
        """Gives the newest versions of some models in turn: so many in all at most, each version once."""
        known = self.listed.models if self.listed else {}
        newest = in_turn((known[model] for model in models if model in known), most)
        return list(dict.fromkeys(one.version for _, one in newest))[:most]


def in_turn(indexes: Iterable[Index], most: int) -> Iterator[tuple[str, Published]]:
    """Gives the newest version of each model, then the second newest of each, and so on.

    Args:
        indexes: The models' lists.
        most: So many of each at most.

    Yields:
        The model and its version.
    """
    newest = ([(index.model, one) for one in index.versions[: -most - 1 : -1]] for index in indexes)
    for turn in zip_longest(*newest):
        yield from (one for one in turn if one is not None)


def summary(manifest: Manifest) -> Summary:
    """Keeps of a manifest what is shown; the rest can be large."""
    return Summary(
        created=manifest.created[:_LONGEST],
        quantization=manifest.quantization.mode,
        forced=bool(manifest.quantization.forced),
        exported=manifest.metrics.exported.accuracy,
        parent=manifest.metrics.float.accuracy,
    )
