"""Where quantization loses, layer by layer."""

from sagui.convert.layers.compare import layer_errors, worst
from sagui.convert.layers.match import match_layers
from sagui.convert.layers.record import Recorder, find_ranges
from sagui.convert.layers.values import Layer, LayerError

__all__ = ["Layer", "LayerError", "Recorder", "find_ranges", "layer_errors", "match_layers", "worst"]
