"""What can be wrong with a history."""

from sagui.errors import SaguiError


class HistoryError(SaguiError):
    """The database cannot be used now: it is full, read-only, locked, away, or does not want us."""


class NewerError(HistoryError):
    """The database was made by a newer sagui; nothing was changed."""


class DamagedError(HistoryError):
    """The file is damaged, or is something else; nothing was changed."""
