"""How much of the Edge TPU's memory a model would take. Pure rules, no I/O.

The chip has about 8 MB of SRAM. The executable and what flows between ops take some of it; parameters are kept in the
rest, and those that do not fit are sent over USB or PCIe for every photo
(https://coral.ai/docs/edgetpu/compiler/#parameter-data-caching).
"""

from collections.abc import Iterable

from sagui.convert.graph import Graph, Op

SRAM_BYTES = 8 * 2**20
"""What the chip has."""

USABLE_BYTES = int(7.3 * 2**20)
"""What is usually left for parameters.

The median of 16 logs of the compiler that people published: it says there what it used and what remained. Three
quarters of them had 6.8 MiB or more, and three 1.1 to 1.9 MiB: large tensors between the ops take their share.
"""


def parameters_bytes(ops: Iterable[Op], graph: Graph) -> int:
    """Adds up the weights and biases of ops, as they are in the file.

    The compiler lays them out anew, in tiles: usually they grow by up to a quarter.

    Args:
        ops: Those that run on the Edge TPU.
        graph: Theirs.
    """
    # Ops may share a constant.
    numbers = tuple({number for op in ops for number in op.inputs})
    return sum(tensor.constant_bytes for tensor in graph.tensors_of(numbers) if tensor.scales)
