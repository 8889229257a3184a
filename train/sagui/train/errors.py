"""What training can refuse. Each message says what, where and how to mend it."""

from sagui.errors import SaguiError


class TrainError(SaguiError):
    """Root of what training refuses."""


class DatasetError(TrainError):
    """The photos cannot be trained on."""


class WeightsError(TrainError):
    """Pretrained weights are missing, unreadable or of another network."""


class RecipeError(TrainError):
    """A choice of the recipe does not exist or does not fit."""


class RunError(TrainError):
    """A run folder is missing, incomplete or in the way."""


class EngineError(TrainError):
    """Work could not be given to other processes, or they were lost with it."""
