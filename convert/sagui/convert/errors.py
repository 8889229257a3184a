"""What conversion can refuse."""

from collections.abc import Sequence

from sagui.errors import SaguiError


class ConvertError(SaguiError):
    """Root of what conversion refuses."""


class ExportError(ConvertError):
    """The network cannot be written as a TFLite file that the light runtimes run."""


class CalibrationError(ConvertError):
    """The representative photos do not tell the ranges."""


class GateError(ConvertError):
    """The exported file lost more accuracy than the budget allows.

    Attributes:
        evidence: What a person should see before the reason: a line each.
    """

    def __init__(self, reason: str, evidence: Sequence[str] = ()) -> None:
        """Keeps both."""
        super().__init__(reason)
        self.evidence = tuple(evidence)


class InspectError(ConvertError):
    """The file cannot be looked into."""
