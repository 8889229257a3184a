"""What a network says to photos it cannot take."""

from sagui.train.errors import RecipeError

RGB = 3


def require_size(name: str, input_shape: tuple[int, int, int], smallest: int, mend: str = "") -> None:
    """Refuses photos that a network would shrink to nothing.

    Args:
        name: Of the network, with what was chosen about it.
        input_shape: ``(height, width, channels)``, in pixels.
        smallest: The smallest side it can take, in pixels.
        mend: Another way out than larger photos.

    Raises:
        RecipeError: A side is shorter.
    """
    height, width, _ = input_shape
    if min(height, width) < smallest:
        raise RecipeError(
            f"{name} takes photos of at least {smallest} x {smallest} pixels, not {height} x {width}: "
            f"set input.size to {smallest} or more{mend}"
        )


def require_rgb(name: str, input_shape: tuple[int, int, int]) -> None:
    """Refuses photos of other than three channels, where normalization is by channel.

    Raises:
        RecipeError: There are more or fewer.
    """
    if input_shape[2] != RGB:
        raise RecipeError(f"{name} takes photos of {RGB} channels (RGB), not {input_shape[2]}")
