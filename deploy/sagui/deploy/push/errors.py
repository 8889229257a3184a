"""What can go wrong on the way to a device."""

from sagui.errors import SaguiError


class PushError(SaguiError):
    """A device did not get its model, or nothing can be pushed at all; the message says why."""


class LinkError(PushError):
    """The device cannot be reached, does not let us in, or went away."""
