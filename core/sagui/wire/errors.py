"""What can be wrong with what is said."""

from sagui.errors import SaguiError


class WireError(SaguiError):
    """A device name cannot stand in a topic, or a payload is not what its topic promises."""
