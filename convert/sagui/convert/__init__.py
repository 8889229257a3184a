"""A run to a proven bundle."""
