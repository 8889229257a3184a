"""Many recipes tried on the same photos."""
