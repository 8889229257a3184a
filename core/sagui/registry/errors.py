"""What publisher and device can refuse of a registry."""

from sagui.errors import SaguiError


class RegistryError(SaguiError):
    """The registry, or what it says, cannot be used."""
