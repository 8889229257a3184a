"""Networks by name, and which choices each listens to."""

import re
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.backbones.port import Backbone, Options
from sagui.train.backbones.registry import BACKBONES, check_options, find_backbone
from sagui.train.errors import RecipeError

OTHER = {"alpha": 0.5, "padding": "valid", "downsample": "stride"}
"""A value of each option that is not its default."""


def test_every_network_of_the_guide_is_there() -> None:
    assert set(BACKBONES) == {
        *("efficientnet-lite0", "mobilenet-v1", "mobilenet-v2", "mobilenet-v3-small", "mobilenet-v3-large"),
        *("efficientnetv2-b0", "resnet50", "resnet101", "resnet152", "resnet50-v2", "resnet101-v2", "resnet152-v2"),
        *("vgg16", "vgg19", "inception-v3", "convnext-tiny", "densenet121", "xception"),
        *("lenet-5", "alexnet", "vgg-style", "googlenet", "resnet20", "shufflenet-v2"),
    }


@pytest.mark.parametrize("name", BACKBONES)
def test_a_network_is_found_by_name(name: str) -> None:
    assert find_backbone(name).name == name


@pytest.mark.parametrize(
    ("name", "near"), [("mobilenet_v2", "mobilenet-v2"), ("ResNet50", "resnet50"), ("lenet5", "lenet-5")]
)
def test_an_unknown_network_names_the_nearest(name: str, near: str) -> None:
    with pytest.raises(RecipeError, match=rf"no backbone '{name}'; did you mean {near}\?"):
        find_backbone(name)


def test_a_name_near_none_lists_all() -> None:
    with pytest.raises(RecipeError, match=r"There are: efficientnet-lite0, .*shufflenet-v2"):
        find_backbone("?")


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=lambda backbone: backbone.name)
def test_a_network_is_described_in_one_sentence_with_its_paper(backbone: Backbone) -> None:
    assert re.fullmatch(r"[A-Z].*(19|20)\d\d\)\.", backbone.about)
    assert backbone.min_size <= backbone.image_size
    assert backbone.choices <= {field.name for field in fields(Options)}


def test_each_choice_has_networks_that_listen() -> None:
    listening = {
        field.name: {name for name, backbone in BACKBONES.items() if field.name in backbone.choices}
        for field in fields(Options)
    }
    plain = {"lenet-5", "alexnet", "vgg-style"}
    assert listening == {"alpha": {"mobilenet-v1", "mobilenet-v2"}, "padding": plain, "downsample": plain}


@given(st.sampled_from(list(BACKBONES.values())), st.sets(st.sampled_from(sorted(OTHER))))
def test_a_choice_is_listened_to_or_refused(backbone: Backbone, chosen: set[str]) -> None:
    options = replace(Options(), **{name: OTHER[name] for name in chosen})  # type: ignore[arg-type]
    deaf = chosen - backbone.choices
    if not deaf:
        check_options(backbone, options)
        return
    with pytest.raises(RecipeError) as caught:
        check_options(backbone, options)
    assert any(str(caught.value).startswith(f"backbone.{name} = {OTHER[name]}: {backbone.name} ") for name in deaf)


def test_a_refused_choice_names_who_would_listen() -> None:
    with pytest.raises(RecipeError, match=r"backbone\.alpha = 0\.5: resnet50 .* one of mobilenet-v1, mobilenet-v2"):
        check_options(BACKBONES["resnet50"], Options(alpha=0.5))
