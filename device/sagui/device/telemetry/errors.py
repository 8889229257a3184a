"""What telemetry can refuse."""

from sagui.device.errors import DeviceError


class TelemetryError(DeviceError):
    """Prometheus cannot be served as it was asked for."""
