"""What can be wrong with a broker's folder."""

from sagui.errors import SaguiError


class BrokerFolderError(SaguiError):
    """The folder of the authority cannot be used; the message names the file and what to do."""
