"""The ops that the Edge TPU runs, with their limits. Data.

Google's list: https://coral.ai/docs/edgetpu/models-intro/#supported-operations. Axis, whose ARTPEC-7 cameras have the
same chip, publishes it with the same limits:
https://developer.axis.com/computer-vision/on-device/system-on-chip/artpec-7/supported-ops/.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sagui.convert.edgetpu import limits
from sagui.convert.edgetpu.limits import Limit

OLDEST_RUNTIME = 10
"""Ops without a minimum run with every runtime that compiler 16.0 writes for."""


@dataclass(frozen=True)
class Rule:
    """What is published of an op.

    Attributes:
        runtime: The oldest Edge TPU runtime that runs it.
        limits: Conditions on it; the first that is not met is the reason why it runs on the CPU.
        unsure: What Google says of it that a file does not tell.
    """

    runtime: int = OLDEST_RUNTIME
    limits: tuple[Limit, ...] = ()
    unsure: str = ""


_SIZE = "depending on its sizes, the compiler may leave it on the CPU to keep precision"

RULES: Mapping[str, Rule] = {
    "ADD": Rule(),
    "AVERAGE_POOL_2D": Rule(limits=(limits.no_activation,)),
    "CONCATENATION": Rule(limits=(limits.no_activation, limits.padding_join)),
    "CONV_2D": Rule(limits=(limits.constant_parameters, limits.square_dilation)),
    "DEPTHWISE_CONV_2D": Rule(limits=(limits.constant_parameters, limits.square_dilation)),
    "EXPAND_DIMS": Rule(runtime=13),
    "FULLY_CONNECTED": Rule(
        limits=(limits.constant_parameters, limits.plain_weights, limits.flat_output, limits.one_scale)
    ),
    "L2_NORMALIZATION": Rule(),
    "LOGISTIC": Rule(),
    "MAXIMUM": Rule(),
    "MAX_POOL_2D": Rule(limits=(limits.no_activation,)),
    "MEAN": Rule(limits=(limits.constant_parameters, limits.reduces_inside, limits.depth_in_fours)),
    "MINIMUM": Rule(),
    "MUL": Rule(),
    "PACK": Rule(runtime=13, limits=(limits.packs_inside,)),
    "PAD": Rule(limits=(limits.constant_parameters, limits.keeps_batch)),
    "PRELU": Rule(runtime=13, limits=(limits.constant_parameters, limits.flat_alpha)),
    "QUANTIZE": Rule(runtime=13),
    "REDUCE_MAX": Rule(runtime=14, limits=(limits.constant_parameters, limits.reduces_inside)),
    "REDUCE_MIN": Rule(runtime=14, limits=(limits.constant_parameters, limits.reduces_inside)),
    "RELU": Rule(),
    "RELU6": Rule(),
    "RELU_N1_TO_1": Rule(),
    "RESHAPE": Rule(),
    "RESIZE_BILINEAR": Rule(limits=(limits.constant_parameters,), unsure=_SIZE),
    "RESIZE_NEAREST_NEIGHBOR": Rule(limits=(limits.constant_parameters,), unsure=_SIZE),
    "RSQRT": Rule(runtime=14),
    "SLICE": Rule(limits=(limits.constant_parameters,)),
    "SOFTMAX": Rule(limits=(limits.flat_input,)),
    "SPACE_TO_DEPTH": Rule(),
    "SPLIT": Rule(limits=(limits.keeps_batch,)),
    "SQUARED_DIFFERENCE": Rule(runtime=14),
    "SQUEEZE": Rule(),
    "STRIDED_SLICE": Rule(
        limits=(limits.constant_parameters, limits.no_new_axes),
        unsure="it maps only with strides of 1, which this check does not see",
    ),
    "SUB": Rule(),
    "SUM": Rule(runtime=13, limits=(limits.constant_parameters, limits.reduces_inside)),
    "TANH": Rule(),
    "TRANSPOSE": Rule(runtime=14, limits=(limits.constant_parameters,)),
    "TRANSPOSE_CONV": Rule(runtime=13, limits=(limits.constant_weights,)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Rule(runtime=14),
}
"""What is published of each op; an op that is not here runs on the CPU."""
