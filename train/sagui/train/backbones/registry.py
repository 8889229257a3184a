"""The networks one can start from, by name."""

from dataclasses import fields
from difflib import get_close_matches

from sagui.train.backbones import efficientnet_lite0, pretrained
from sagui.train.backbones.port import Backbone, Options
from sagui.train.backbones.scratch import alexnet, googlenet, lenet5, resnet20, shufflenet_v2, vgg
from sagui.train.errors import RecipeError

BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        efficientnet_lite0.BACKBONE,
        *pretrained.BACKBONES,
        *(module.BACKBONE for module in (lenet5, alexnet, vgg, googlenet, resnet20, shufflenet_v2)),
    )
}


def find_backbone(name: str) -> Backbone:
    """Finds a network by name.

    Raises:
        RecipeError: There is none; the message names the nearest and all.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    near = get_close_matches(name, BACKBONES, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise RecipeError(f"no backbone {name!r}; {hint}There are: {', '.join(BACKBONES)}")


def check_options(backbone: Backbone, options: Options) -> None:
    """Refuses a choice that a network would not listen to.

    Raises:
        RecipeError: There is one; the message names its key and the networks that do listen.
    """
    for field in fields(options):
        value = getattr(options, field.name)
        if value != field.default and field.name not in backbone.choices:
            listening = ", ".join(other.name for other in BACKBONES.values() if field.name in other.choices)
            raise RecipeError(
                f"backbone.{field.name} = {value}: {backbone.name} has no such choice; leave it out, "
                f"or take one of {listening}"
            )
