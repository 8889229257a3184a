"""Photos for a dataset, taken where the camera hangs: `sagui capture`."""
