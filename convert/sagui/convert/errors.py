"""What conversion can refuse."""

from sagui.errors import SaguiError


class ConvertError(SaguiError):
    """Root of what conversion refuses."""


class ExportError(ConvertError):
    """The network cannot be written as a TFLite file that the light runtimes run."""


class GateError(ConvertError):
    """The exported file lost more accuracy than the budget allows."""


class InspectError(ConvertError):
    """The file cannot be looked into."""
