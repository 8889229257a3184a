"""Where a network can be cut: only where one tensor holds all that the rest needs."""

import keras
import numpy as np
import pytest
from keras import layers

from sagui.train.cut import block_ends, cut
from sagui.train.errors import RecipeError


@pytest.fixture(scope="module")
def branched() -> keras.Model:
    """a, then b beside a shortcut, summed by a layer; then d beside a shortcut, summed by a plain +; then e."""
    photos = keras.Input((4,), name="photos")
    a = layers.Dense(4, name="a")(photos)
    b = layers.Dense(4, name="b")(a)
    c = layers.Add(name="c")([a, b])
    d = layers.Dense(4, name="d")(c)
    return keras.Model(photos, layers.Dense(4, name="e")(c + d), name="branched")


def test_a_block_ends_where_nothing_else_is_open(branched: keras.Model) -> None:
    *layers_, plus, last = block_ends(branched, r"[a-e]|add.*")
    assert layers_ == ["a", "c"]
    assert plus.startswith("add")
    assert last == "e"


def test_only_whole_names_count(branched: keras.Model) -> None:
    assert block_ends(branched, "") == []
    assert block_ends(branched, "add") in ([], ["add"])


@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_the_parts_do_what_the_whole_does(branched: keras.Model, blocks: int) -> None:
    trunk, tail = cut(branched, r"[a-e]|add.*", blocks)
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    assert np.allclose(tail(trunk(vectors)), branched(vectors), atol=1e-6)
    assert trunk.count_params() + tail.count_params() == branched.count_params()


def test_the_parts_share_their_weights_with_the_whole(branched: keras.Model) -> None:
    _, tail = cut(branched, "c", 0)
    assert {id(weight) for weight in tail.weights} < {id(weight) for weight in branched.weights}
    assert [layer.name for layer in tail.layers if layer.weights] == ["d", "e"]


def test_a_part_can_be_saved_and_cut_again(branched: keras.Model, tmp_path: object) -> None:
    _, tail = cut(branched, r"[ac]", 1)
    path = f"{tmp_path}/tail.keras"
    tail.save(path)
    again = keras.models.load_model(path)
    vectors = np.ones((1, 4), np.float32)
    assert np.array_equal(again(vectors), tail(vectors))
    assert block_ends(again, r"[bcde]") == ["c", "e"]


@pytest.mark.parametrize("blocks", [3, 17])
def test_the_whole_network_may_not_be_the_tail(branched: keras.Model, blocks: int) -> None:
    expected = (
        f"training.blocks = {blocks}: branched has 3 blocks and at least one stays frozen: allowed is 0 to 2, or all"
    )
    with pytest.raises(RecipeError, match=expected):
        cut(branched, r"[ace]", blocks)
