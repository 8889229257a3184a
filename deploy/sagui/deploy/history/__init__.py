"""What devices saw, kept in a database: a port, SQLite and PostgreSQL behind it, and a thread that writes."""

from sagui.deploy.history.errors import DamagedError, HistoryError, NewerError
from sagui.deploy.history.place import open_history
from sagui.deploy.history.port import Glance, History, HourCount, StreamCount
from sagui.deploy.history.rows import Row, row_of
from sagui.deploy.history.writer import Tally, Writer

__all__ = [
    "DamagedError",
    "Glance",
    "History",
    "HistoryError",
    "HourCount",
    "NewerError",
    "Row",
    "StreamCount",
    "Tally",
    "Writer",
    "open_history",
    "row_of",
]
