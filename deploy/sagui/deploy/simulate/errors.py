"""What can go wrong in a simulated fleet."""

from sagui.errors import SaguiError


class SimulationError(SaguiError):
    """The fleet cannot be simulated: not on this machine, or not on this broker."""
