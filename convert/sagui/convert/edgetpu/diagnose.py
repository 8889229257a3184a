"""What went wrong in the compiler, told from its output. Pure rules, no I/O."""

import re

_LONGEST = 160

_CAUSES = (
    (
        r"Didn't find op for builtin opcode '(?P<op>\w+)' version '(?P<version>\d+)'",
        "it does not know version {version} of {op}, which came later: replace the layer, or use an older TensorFlow",
    ),
    (
        r"builtin_code out of range: (?P<code>\d+)",
        "it does not know builtin op number {code}, which came later: replace the layer",
    ),
    (
        r"[Uu]nresolved custom op: (?P<op>[\w-]+)",
        "it does not know the custom op {op}: replace the layer",
    ),
    (r"Model not quantized", "the model is not quantized to 8 bits: convert with --quantize int8"),
    (r"dynamic-sized tensors", "a size in the model is only known when it runs: export it with a batch of 1"),
    (
        r"large activation tensors",
        "what flows between two ops is too large for the chip: make the input smaller (input.size in the recipe)",
    ),
    (r"already.{0,20}compiled|edgetpu-custom-op", "the model is compiled already: give it the model it was made from"),
    (
        r"failed to prepare",
        "an op does not fit its tensors, in the view of the interpreter of 2021: convert with --edgetpu-friendly",
    ),
    (
        r"Internal compiler error",
        "it crashed inside, which can depend on the run: try again, then another input size or backbone",
    ),
    (r"[Tt]imed out|[Tt]imeout (reached|exceeded|expired)", "it ran out of the time it gives itself: allow more"),
    (
        r"Invalid model|could not be parsed",
        "it cannot read the model: convert with --edgetpu-friendly, and look at the log",
    ),
)


def cause(output: str) -> str:
    """Says what the compiler's trouble is and what mends it; nothing where it does not speak of trouble.

    Args:
        output: All that it wrote.
    """
    for pattern, text in _CAUSES:
        found = re.search(pattern, output)
        if found is not None:
            return text.format(**found.groupdict())
    last = [line.strip() for line in output.splitlines() if re.search(r"ERROR|[Ff]ailed!?", line)]
    return f"it says: {last[0][:_LONGEST]}" if last else ""
