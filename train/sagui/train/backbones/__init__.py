"""The networks one can start from."""
