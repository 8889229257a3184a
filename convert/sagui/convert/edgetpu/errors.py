"""What the Edge TPU part can refuse."""

from sagui.convert.errors import ConvertError


class EdgeTpuError(ConvertError):
    """The compiler is missing, failed, or wrote something other than an Edge TPU model."""
