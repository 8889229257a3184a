"""Everything a person may choose about a training, as data."""

import hashlib
from typing import Annotated, Literal

import msgspec

from sagui.train.errors import RecipeError

_Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Rate = Annotated[float, msgspec.Meta(gt=0)]

Views = Literal["none", "mirror", "flips", "dihedral"]
"""Which turned copies of each photo are learned from; see `sagui.train.views`."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """The linear probe: a new head on features that do not change.

    Attributes:
        patience: Epochs without a better validation accuracy after which it stops.
    """

    epochs: _Positive = 100
    patience: _Positive = 10
    learning_rate: _Rate = 3e-3
    batch_size: _Positive = 128


class FineTune(msgspec.Struct, frozen=True, kw_only=True):
    """Training the last blocks too, slowly, on activations of the frozen rest.

    Attributes:
        blocks: How many; 0 leaves it out.
        head: ``fresh`` starts from a random head and leaves the probe out; ``probe`` goes on with the probe's. See
            docs/decisions/0005-fresh-head.md.
        learning_rate: The peak, after an epoch of warm-up; a cosine brings it down to nothing.
        average: Weights are averaged over the last steps with this momentum, and the average is what is kept (Polyak
            and Juditsky, SIAM J. Control Optim. 30, 1992); 0 leaves it out.
        clip_norm: The longest step's gradient; without a limit, one odd batch can spoil a pretrained block.
    """

    blocks: _Count = 0
    head: Literal["fresh", "probe"] = "fresh"
    epochs: _Positive = 20
    patience: _Positive = 20
    learning_rate: _Rate = 1e-3
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 1e-2
    average: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.99
    clip_norm: _Rate = 1.0
    batch_size: _Positive = 32


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """A training, but for its photos.

    Attributes:
        weights: ``imagenet``, ``none`` (random) or a file.
        image_size: Height and width of the network's input, in pixels.
        fit: How a photo is brought to that shape; see `sagui.bundle.manifest.InputSpec`.
        label_smoothing: Share of the truth that is spread over all classes (Szegedy et al., CVPR 2016, section 7).
    """

    backbone: str = "efficientnet-lite0"
    weights: str = "imagenet"
    image_size: Annotated[int, msgspec.Meta(ge=32, le=1024)] = 224
    fit: Literal["squash", "crop", "pad"] = "squash"
    views: Views = "mirror"
    seed: _Count = 0
    test_share: _Share = 0.25
    validation_share: _Share = 0.15
    dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.3
    label_smoothing: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.1
    probe: Probe = Probe()
    fine_tune: FineTune = FineTune()


def check(recipe: Recipe) -> Recipe:
    """Gives a recipe back whose values are all in range.

    Raises:
        RecipeError: One is not; the message names the key.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(recipe), Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"the recipe cannot be followed: {error}") from error


def recipe_digest(recipe: Recipe) -> str:
    """Names a recipe by its content."""
    return hashlib.sha256(msgspec.json.encode(recipe, order="deterministic")).hexdigest()
