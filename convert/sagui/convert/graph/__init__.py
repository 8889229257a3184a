"""What is in a TFLite file, of any maker, without running it."""

from sagui.convert.graph.read import read_graph, read_graphs
from sagui.convert.graph.values import Graph, Op, Scales, Tensor

__all__ = ["Graph", "Op", "Scales", "Tensor", "read_graph", "read_graphs"]
