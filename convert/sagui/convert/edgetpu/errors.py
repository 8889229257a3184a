"""What the Edge TPU part can refuse."""

from pathlib import Path

from sagui.convert.errors import ConvertError


class EdgeTpuError(ConvertError):
    """The compiler is missing, failed, or wrote something other than an Edge TPU model.

    Attributes:
        reason: The message without the place of the log, which differs from run to run.
    """

    def __init__(self, reason: str, log: Path | None = None) -> None:
        """Keeps both."""
        super().__init__(reason if log is None else f"{reason}; all it said is in {log}")
        self.reason = reason
