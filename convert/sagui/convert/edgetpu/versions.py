"""Which versions of which ops `edgetpu_compiler` 16.0 can read. Data.

The compiler brings a TensorFlow Lite interpreter of July 2021, and refuses a whole file that holds a newer op, even
where that op would run on the CPU (``Didn't find op for builtin opcode 'CONV_2D' version '6'``). Google publishes no
list. This one is what TensorFlow 2.6, of that month, knew, from TensorFlow's own record of when each version came
(``tensorflow/lite/tools/versioning/runtime_version.cc``). Refusals that people reported of 16.0 agree with it: CONV_2D
6 (of TensorFlow 2.9), QUANTIZE 3 (2.7), TRANSPOSE_CONV 4 (2.13), EXP 2 (2.12), and builtin ops numbered 150 and higher
(github.com/google-coral/edgetpu/issues/631, 879, 845, 862; github.com/google-coral/libedgetpu/issues/71).
"""

from collections.abc import Mapping

COMPILER = "16.0"
"""The newest compiler, of July 2021."""

_OPS = {
    1: (
        "ADD_N ASSIGN_VARIABLE BROADCAST_ARGS CALL_ONCE CAST CEIL COMPLEX_ABS CONV_3D CONV_3D_TRANSPOSE COS CUMSUM "
        "DENSIFY ELU EMBEDDING_LOOKUP_SPARSE EXP EXPAND_DIMS FLOOR FLOOR_MOD HARD_SWISH HASHTABLE HASHTABLE_FIND "
        "HASHTABLE_IMPORT HASHTABLE_LOOKUP HASHTABLE_SIZE IF IMAG L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOG "
        "LOGICAL_AND LOGICAL_NOT LOGICAL_OR LSH_PROJECTION MATRIX_DIAG MATRIX_SET_DIAG NEG NON_MAX_SUPPRESSION_V4 "
        "NON_MAX_SUPPRESSION_V5 ONE_HOT POW PRELU RANGE RANK READ_VARIABLE REAL REDUCE_ALL REDUCE_ANY RELU_N1_TO_1 "
        "RESHAPE REVERSE_SEQUENCE RFFT2D ROUND SCATTER_ND SEGMENT_SUM SELECT_V2 SHAPE SIN SKIP_GRAM SQRT SQUARE "
        "UNIQUE VAR_HANDLE WHERE WHILE ZEROS_LIKE"
    ),
    2: (
        "ARG_MAX ARG_MIN DEPTH_TO_SPACE DIV FAKE_QUANT FLOOR_DIV GREATER GREATER_EQUAL L2_NORMALIZATION LEAKY_RELU "
        "LESS LESS_EQUAL LOG_SOFTMAX MIRROR_PAD QUANTIZE REDUCE_PROD RSQRT SELECT SPACE_TO_DEPTH SPLIT_V "
        "SQUARED_DIFFERENCE SQUEEZE SUM TILE TOPK_V2"
    ),
    3: (
        "AVERAGE_POOL_2D BATCH_TO_SPACE_ND BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN BROADCAST_TO "
        "CONCATENATION EMBEDDING_LOOKUP EQUAL FILL GATHER_ND LOGISTIC MAX_POOL_2D MEAN NOT_EQUAL PACK REDUCE_MAX "
        "REDUCE_MIN RELU RELU6 REVERSE_V2 RNN SOFTMAX SPACE_TO_BATCH_ND SPARSE_TO_DENSE TANH TRANSPOSE_CONV "
        "UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN"
    ),
    4: (
        "ABS ADD BATCH_MATMUL DEQUANTIZE LSTM MAXIMUM MINIMUM PAD PADV2 RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR "
        "SPLIT SVDF UNPACK"
    ),
    5: "CONV_2D GATHER MUL SLICE SUB TRANSPOSE",
    6: "DEPTHWISE_CONV_2D STRIDED_SLICE",
    9: "FULLY_CONNECTED",
}

NEWEST: Mapping[str, int] = {kind: version for version, kinds in _OPS.items() for kind in kinds.split()}
"""The newest version of each op that the compiler reads; an op that is not here came later."""
