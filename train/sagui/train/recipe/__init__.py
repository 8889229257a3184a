"""What a training does, chosen by a person and written down."""

from sagui.train.recipe.choices import Recipe

__all__ = ["Recipe"]
