"""Networks that learn from nothing: the classics, small enough for it."""
