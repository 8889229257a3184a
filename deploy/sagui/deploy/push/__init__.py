"""A model to one device or many over SSH: copied, proven there, and taken back if it does not stand."""
