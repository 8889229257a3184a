"""How a model file is run: the same on the workstation and on the device."""
