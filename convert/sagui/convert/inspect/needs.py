"""What ops outside the builtin set need. Pure rules, no I/O."""

from collections import Counter
from collections.abc import Iterable

from sagui.convert.graph import Op
from sagui.convert.inspect.facts import Need

_FLEX = "full TensorFlow, because it is an op of TensorFlow's: convert again with TFLite's own ops only"
_SHIPPED = "nothing more on a Raspberry Pi: LiteRT, tflite-runtime and TensorFlow carry it; a microcontroller may not"
_MEDIAPIPE = "MediaPipe, which brings it; the plain runtimes refuse the file"
_UNKNOWN = "a runtime that registers it, from whoever made the file; the plain runtimes refuse the file"

# The first four are registered with the builtin ops, in tensorflow/lite/core/kernels/register.cc; MediaPipe's are in
# mediapipe/tasks/cc/core/mediapipe_builtin_op_resolver.cc.
_KNOWN = {
    "AudioSpectrogram": _SHIPPED,
    "Mfcc": _SHIPPED,
    "NumericVerify": _SHIPPED,
    "TFLite_Detection_PostProcess": _SHIPPED,
    "Convolution2DTransposeBias": _MEDIAPIPE,
    "Landmarks2TransformMatrix": _MEDIAPIPE,
    "MaxPoolingWithArgmax2D": _MEDIAPIPE,
    "MaxUnpooling2D": _MEDIAPIPE,
    "TransformLandmarks": _MEDIAPIPE,
    "TransformTensorBilinear": _MEDIAPIPE,
    "edgetpu-custom-op": "a Coral Edge TPU and its library (libedgetpu): the file was compiled for it, no CPU runs it",
    "ethos-u": "an Arm Ethos-U NPU and its driver: the file was compiled for it with Vela, no CPU runs it",
}


def needs_of(ops: Iterable[Op]) -> tuple[Need, ...]:
    """Says of each custom or Flex op what it needs, in the order they run."""
    counts = Counter(op.name for op in ops if op.kind == "CUSTOM")
    return tuple(Need(op=name, count=count, needs=_needs(name)) for name, count in counts.items())


def _needs(name: str) -> str:
    if name.startswith("Flex"):
        return _FLEX
    return _KNOWN.get(name, _UNKNOWN)
