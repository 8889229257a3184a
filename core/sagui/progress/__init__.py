"""How long work tells that it goes on: one port, silent or on a terminal."""

from sagui.progress.port import SILENT, Advance, Progress

__all__ = ["SILENT", "Advance", "Progress"]
