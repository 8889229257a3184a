"""What can be wrong with an outbox on disk."""

from sagui.device.errors import DeviceError


class OutboxError(DeviceError):
    """The outbox's file cannot be used."""


class HeldError(OutboxError):
    """Another agent or program holds it."""


class DamagedError(OutboxError):
    """The outbox's file is no outbox, or not any more."""
