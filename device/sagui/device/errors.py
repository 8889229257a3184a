"""What the agent can refuse."""

from collections.abc import Sequence

from sagui.errors import SaguiError


class DeviceError(SaguiError):
    """Root of what the agent refuses."""


class CameraError(DeviceError):
    """The camera is not there, or gives no frames."""


class BrokerError(DeviceError):
    """The broker's address cannot be used, or results could not be delivered."""


class AddressError(BrokerError):
    """What a person wrote is no address of a broker, or files do not go with it; nobody was asked."""

    is_wrong_use = True


class UpdateError(DeviceError):
    """A model cannot be taken, or not be put to work; the old one stays."""


class Cancelled(UpdateError):  # noqa: N818 (it is no error of the model's)
    """An update was broken off for another reason than itself; it may be tried again."""


class SourceError(UpdateError):
    """Where models come from does not have this one."""


class SourceAwayError(SourceError):
    """Where models come from does not answer now; another time it may."""


class DistrustError(SourceError):
    """What came is not what was signed: a wrong key, an old list, another file."""


class StoreError(UpdateError):
    """Models cannot be kept on this device."""


class ConfigError(DeviceError):
    """The settings cannot be used.

    Attributes:
        problems: One line for each thing that is wrong.
    """

    def __init__(self, problems: Sequence[str] | str) -> None:
        """Takes one problem, or several; the message names the first ones."""
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        more = len(self.problems) - _SHOWN
        super().__init__("; ".join(self.problems[:_SHOWN]) + (f"; and {more} more" if more > 0 else ""))


_SHOWN = 5
