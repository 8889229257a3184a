"""``sagui bench``: what a model costs on this machine, as a report card."""
