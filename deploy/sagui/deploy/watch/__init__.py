"""What is known of a fleet from its messages: rules without I/O, for whatever shows it."""

from sagui.deploy.watch.fleet import Fleet
from sagui.deploy.watch.history import BUCKET_S, BUCKETS
from sagui.deploy.watch.limits import Limits
from sagui.deploy.watch.row import Row, Status, Stream
from sagui.deploy.watch.troubles import Trouble, TroubleKind, troubles

__all__ = [
    "BUCKETS",
    "BUCKET_S",
    "Fleet",
    "Limits",
    "Row",
    "Status",
    "Stream",
    "Trouble",
    "TroubleKind",
    "troubles",
]
