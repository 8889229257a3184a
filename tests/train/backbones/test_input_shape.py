"""Photos a network cannot take are refused with what it can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.backbones.input_shape import require_rgb, require_size
from sagui.train.errors import RecipeError

sides = st.integers(1, 500)


@given(sides, sides, sides)
def test_a_photo_is_large_enough_or_refused(height: int, width: int, smallest: int) -> None:
    if height >= smallest and width >= smallest:
        require_size("net", (height, width, 3), smallest)
        return
    with pytest.raises(RecipeError) as caught:
        require_size("net", (height, width, 3), smallest)
    assert str(caught.value) == (
        f"net takes photos of at least {smallest} x {smallest} pixels, not {height} x {width}: "
        f"set input.size to {smallest} or more"
    )


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_colour_is_asked_for(channels: int) -> None:
    require_rgb("net", (8, 8, 3))
    with pytest.raises(RecipeError, match=rf"net takes photos of 3 channels \(RGB\), not {channels}"):
        require_rgb("net", (8, 8, channels))
