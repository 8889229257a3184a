"""Images to a trained run, on a workstation."""
