"""What a measurement can refuse."""

from sagui.convert.errors import ConvertError


class BenchError(ConvertError):
    """The model cannot be measured here, or a file is no report card."""
