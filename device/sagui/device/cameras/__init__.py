"""Where frames come from: one port, and a module per kind of camera."""

from sagui.device.cameras.choose import open_camera
from sagui.device.cameras.incidents import Incident
from sagui.device.cameras.port import Camera, Frame
from sagui.device.cameras.spec import HELP

__all__ = ["HELP", "Camera", "Frame", "Incident", "open_camera"]
