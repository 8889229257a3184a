"""``sagui compare``: runs side by side, and whether their difference is more than chance."""
