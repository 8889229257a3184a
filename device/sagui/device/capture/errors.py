"""What taking photos can refuse."""

from sagui.device.errors import DeviceError


class CaptureError(DeviceError):
    """A label cannot be a folder, a photo cannot be written, or the preview cannot be shown."""
