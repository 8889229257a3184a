"""How a TFLite file is run: one port, and a module per runtime that is imported when it is tried."""

from sagui.infer.runtimes.device import AUTO, CPU, Delegate, Device, parse_device
from sagui.infer.runtimes.port import Runtime, TensorSpec

__all__ = ["AUTO", "CPU", "Delegate", "Device", "Runtime", "TensorSpec", "parse_device"]
