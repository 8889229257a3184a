"""What can go wrong when a card is provisioned."""

from sagui.errors import SaguiError


class ProvisionError(SaguiError):
    """The card cannot be written as asked; nothing on it was changed, unless the message says so."""
