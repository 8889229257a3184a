"""Frames to learn from: those the model was least sure of, kept on the device. Off unless a folder is named."""
