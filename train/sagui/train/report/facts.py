"""Everything a report tells, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sagui.bundle.metrics import Proportion
from sagui.train.quality import Quality
from sagui.train.recipe.choices import Task
from sagui.train.unknowns import UnknownsQuality


class EpochRow(Protocol):
    """An epoch of a history; see `sagui.train.watch.Epoch`."""

    @property
    def phase(self) -> str:
        """What learned: the head, some blocks, or all."""

    @property
    def epoch(self) -> int:
        """Its number in the phase, from 1."""

    @property
    def loss(self) -> float:
        """Of the training photos."""

    @property
    def accuracy(self) -> float:
        """Of the training photos, 0 to 1."""

    @property
    def validation_loss(self) -> float:
        """Of the validation photos."""

    @property
    def validation_accuracy(self) -> float:
        """Of the validation photos, 0 to 1."""

    @property
    def learning_rate(self) -> float:
        """At its end."""

    @property
    def seconds(self) -> float:
        """How long it took."""


@dataclass(frozen=True)
class Picture:
    """A picture with what a reader needs to read it.

    Attributes:
        title: What it shows.
        about: How to read it, in a sentence.
        png: The file.
    """

    title: str
    about: str
    png: bytes


@dataclass(frozen=True)
class Mistake:
    """A photo that was named wrong.

    Attributes:
        name: Of the photo.
        truth: What it shows.
        predicted: What the network said.
        score: How sure it was, 0 to 1.
        photo: ``(height, width, 3)``, RGB.
        heat: Where it looked, ``(h, w)``, 0 to 1; any size.
    """

    name: str
    truth: str
    predicted: str
    score: float
    photo: npt.NDArray[np.uint8]
    heat: npt.NDArray[Any]


@dataclass(frozen=True)
class LayerRow:
    """A layer of a network.

    Attributes:
        depth: 0 for the network's own layers, 1 for those of a network inside it, and so on.
        name: The layer's.
        kind: The layer's class.
        shape: Of its output, without the batch: ``112 x 112 x 32``.
        parameters: How many numbers it consists of, with what is inside it.
    """

    depth: int
    name: str
    kind: str
    shape: str
    parameters: int


@dataclass(frozen=True)
class Facts:
    """What a report tells.

    Attributes:
        title: What the photos are.
        backbone: The network's name.
        created: When, in UTC.
        task: What it was trained for.
        labels: The classes.
        quality: What it reached on the test photos.
        validation: Its accuracy on the validation photos.
        history: Every epoch of every phase.
        recipe: How it was trained, as TOML.
        sizes: How many photos each set of the split has.
        notes: What was found in the photos and done about it, a sentence each.
        layers: The network's; see `sagui.train.report.layers.layer_rows`.
        pictures: Of the photos it learned from.
        feature_maps: See `sagui.train.report.explain.feature_map_pictures`.
        mistakes: See `sagui.train.report.explain.explained`.
        unknowns: What it said of things that are none of its classes.
        folds: The accuracy of each fold of a cross-validation.
        versions: Of the programs that matter.
        seconds: How long each step took.
    """

    title: str
    backbone: str
    created: str
    task: Task
    labels: tuple[str, ...]
    quality: Quality
    validation: Proportion
    history: Sequence[EpochRow]
    recipe: str
    sizes: Mapping[str, int]
    notes: Sequence[str] = ()
    layers: Sequence[LayerRow] = ()
    pictures: Sequence[Picture] = ()
    feature_maps: Sequence[Picture] = ()
    mistakes: Sequence[Mistake] = ()
    unknowns: UnknownsQuality | None = None
    folds: Sequence[Proportion] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
