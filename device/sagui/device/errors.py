"""What the agent can refuse."""

from sagui.errors import SaguiError


class DeviceError(SaguiError):
    """Root of what the agent refuses."""


class CameraError(DeviceError):
    """The camera is not there, or gives no frames."""


class BrokerError(DeviceError):
    """The broker's address cannot be used, or results could not be delivered."""
