"""What can go wrong in the demo itself."""

from sagui.errors import SaguiError


class DemoError(SaguiError):
    """A step of the story did not hold."""
