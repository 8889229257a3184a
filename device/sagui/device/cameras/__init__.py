"""Where frames come from: one port, and a module per kind of camera."""

from sagui.device.cameras.choose import HELP, open_camera
from sagui.device.cameras.port import Camera, Frame

__all__ = ["HELP", "Camera", "Frame", "open_camera"]
