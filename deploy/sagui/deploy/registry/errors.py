"""What the publisher's side of a registry can refuse."""

from sagui.errors import SaguiError


class PublishError(SaguiError):
    """Root of what publishing refuses."""


class KeysError(PublishError):
    """A key is missing, wrong, or cannot be opened."""


class ForeignError(PublishError):
    """The folder is no registry, another one's, or was changed by somebody without the keys."""


class BehindError(PublishError):
    """The registry is older than what these keys signed last."""


class BusyError(PublishError):
    """Somebody else is changing the registry."""
