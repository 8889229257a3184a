"""A bare Raspberry Pi OS becomes a device: user, packages, sagui, settings, service."""
