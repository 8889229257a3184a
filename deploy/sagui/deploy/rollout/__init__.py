"""A new model to a group of devices, in waves: pure rules, and the operator's command that applies them."""
