"""Where independent work runs: in this process, or on the machines of a Ray cluster."""

from sagui.train.engine.local import LOCAL
from sagui.train.engine.port import Engine

__all__ = ["LOCAL", "Engine"]
