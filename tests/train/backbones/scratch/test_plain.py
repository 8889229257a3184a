"""Borders and shrinking of plain networks can be chosen, and too small a photo is said so."""

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch import alexnet, lenet5, vgg
from sagui.train.backbones.scratch.plain import Convolution, PlainNetwork, Pooling
from sagui.train.errors import RecipeError

NETWORKS = [lenet5.NETWORK, alexnet.NETWORK, vgg.NETWORK]
OPTIONS = [
    Options(padding=padding, downsample=downsample)
    for padding in ("paper", "same", "valid")
    for downsample in ("paper", "pooling", "stride")
]


def sides(network: keras.Model) -> list[int]:
    return [layer.output.shape[1] for layer in network.layers if layer.name.endswith("_out")]


@pytest.mark.parametrize(
    ("network", "side", "expected"),
    [
        (lenet5.NETWORK, 32, [14, 5]),  # LeCun et al., figure 2: S2 and S4
        (alexnet.NETWORK, 227, [27, 13, 13, 13, 6]),  # Krizhevsky et al., figure 2, after pooling
        (vgg.NETWORK, 32, [16, 8, 4]),
    ],
    ids=["lenet-5", "alexnet", "vgg-style"],
)
def test_maps_have_the_sizes_of_the_paper(network: PlainNetwork, side: int, expected: list[int]) -> None:
    assert sides(network.build((side, side, 3), Options())) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(padding="same"), [16, 8]),
        (Options(padding="valid"), [14, 5]),
        (Options(downsample="stride"), [14, 5]),
        (Options(padding="same", downsample="stride"), [16, 8]),
    ],
)
def test_lenets_borders_can_be_kept(options: Options, expected: list[int]) -> None:
    assert sides(lenet5.NETWORK.build((32, 32, 3), options)) == expected


def test_same_padding_keeps_every_border() -> None:
    network = alexnet.NETWORK.build((64, 64, 3), Options(padding="same"))
    assert {layer.padding for layer in network.layers if hasattr(layer, "padding")} == {"same"}
    assert sides(network) == [8, 4, 4, 4, 2]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_strides_leave_no_pooling(network: PlainNetwork) -> None:
    built = network.build((128, 128, 3), Options(downsample="stride"))
    assert not [layer for layer in built.layers if "Pooling" in type(layer).__name__]
    assert built.count_params() == network.build((128, 128, 3), Options()).count_params()


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_pooling_leaves_no_strides(network: PlainNetwork) -> None:
    built = network.build((128, 128, 3), Options(downsample="pooling"))
    assert {layer.strides for layer in built.layers if isinstance(layer, keras.layers.Conv2D)} == {(1, 1)}
    assert built.count_params() == network.build((128, 128, 3), Options()).count_params()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_smallest_side_is_the_smallest(network: PlainNetwork, options: Options) -> None:
    smallest = network.smallest_side(options)
    assert min(network.build((smallest, smallest + 1, 3), options).output_shape[1:]) > 0
    if smallest > 1:
        with pytest.raises(RecipeError, match=f"at least {smallest} x {smallest} pixels"):
            network.build((smallest + 1, smallest - 1, 3), options)


def test_a_photo_that_valid_padding_eats_up_is_refused() -> None:
    expected = (
        r'vgg-style with backbone\.padding = "valid" takes photos of at least 36 x 36 pixels, not 32 x 32: '
        r'set input\.size to 36 or more, or backbone\.padding to "same"'
    )
    with pytest.raises(RecipeError, match=expected):
        vgg.NETWORK.build((32, 32, 3), Options(padding="valid"))


steps = st.one_of(
    st.builds(Convolution, st.just(2), st.integers(1, 5), st.integers(1, 3), st.sampled_from(["same", "valid"])),
    st.builds(
        Pooling,
        st.sampled_from(["average", "max"]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from(["same", "valid"]),
    ),
)
blocks = st.builds(lambda first, rest: (Convolution(2, 3), *first, *rest), st.lists(steps, max_size=2), st.just(()))


@settings(max_examples=20, deadline=None)
@given(st.lists(blocks, min_size=1, max_size=2).map(tuple), st.integers(1, 40), st.sampled_from(OPTIONS))
def test_whatever_the_network_keras_agrees_on_its_size(
    blocks: tuple[tuple[Convolution | Pooling, ...], ...], side: int, options: Options
) -> None:
    network = PlainNetwork("any", blocks)
    if side < network.smallest_side(options):
        with pytest.raises(RecipeError):
            network.build((side, side, 1), options)
    else:
        assert network.build((side, side, 1), options).output_shape[1] == network._side_after(side, options) > 0
