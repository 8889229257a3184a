"""What can be wrong with a bundle."""

from sagui.errors import SaguiError


class BundleError(SaguiError):
    """A bundle is missing, damaged, unsafe or from another time; the message names the entry and why."""
