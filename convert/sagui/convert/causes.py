"""What usually makes the converter fail. Pure rules, no I/O."""

import re

_LONGEST = 200

_CAUSES = (
    (
        r"flex|select tf|tf select|custom op",
        "the network uses ops that TFLite has not: choose another backbone, or another layer",
    ),
    (
        r"quantiz\w+ not yet supported|not yet supported for op|missing quantization",
        "an op of the network has no whole-number form: try --quantize dynamic, or --quantize none",
    ),
    (
        r"min/max|max and min|calibrat|statistics",
        "a range is missing or not finite: look for NaN in the network, calibrate with more photos",
    ),
    (
        r"dynamic|unknown (dimension|shape)|ranked",
        "a size is not known beforehand: give every input size in the recipe",
    ),
    (
        r"memory|bad_alloc|resource exhausted",
        "there is too little memory: use smaller photos (input.size) or a smaller network",
    ),
)


def usual_cause(message: str) -> str:
    """Says what such a message usually comes from, and what mends it.

    Args:
        message: All that the converter said.
    """
    for pattern, cause in _CAUSES:
        if re.search(pattern, message, re.IGNORECASE):
            return cause
    return "choose another backbone, or another --quantize"


def shorten(message: str) -> str:
    """Finds the line that says what went wrong.

    Args:
        message: All that the converter said: usually a place in the source, the error, and many notes.
    """
    lines = [
        re.sub(r"^(<unknown>:0|loc\(.*?\)|\S*\.py:\d+:\d+):\s*", "", line.strip()) for line in message.splitlines()
    ]
    spoken = [line for line in lines if line]
    telling = [line for line in spoken if line.lower().startswith(("error", "failed"))] or spoken or ["no reason given"]
    return telling[0] if len(telling[0]) <= _LONGEST else f"{telling[0][: _LONGEST - 3]}..."
