"""What can go wrong when a model file is run."""

from sagui.errors import SaguiError


class InferError(SaguiError):
    """Root of what running a model can refuse."""


class ModelError(InferError):
    """The file is missing, is no image classifier, needs what is not here, or fails when run."""


class LabelsError(InferError):
    """The labels are missing or do not fit the output."""


class NoRuntimeError(InferError):
    """No TFLite runtime works on this machine."""


class PhotoError(InferError):
    """A file is no photo that can be read."""


class GoldenError(InferError):
    """This machine does not reproduce the golden frames."""
