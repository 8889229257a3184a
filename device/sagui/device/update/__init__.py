"""New models, on the device: fetched, checked, proven, tried, and taken back if they fail."""
