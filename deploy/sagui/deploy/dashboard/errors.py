"""What can be wrong with a dashboard."""

from sagui.errors import SaguiError


class DashboardError(SaguiError):
    """The dashboard cannot be served as it was asked for; nothing was opened."""


class ForgedError(DashboardError):
    """A request says who it is from, and is not to be believed."""
