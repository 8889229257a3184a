"""Shows in a terminal what is said of a model."""

from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sagui.convert.inspect.facts import BundleFacts, MetadataFacts, ModelFacts, QuantizationFacts, TensorFacts

_MODES = {
    "none": "32-bit floats",
    "float16": "weights in 16-bit floats, arithmetic in 32",
    "dynamic": "weights in integers, activations in floats",
    "int8": "weights and activations in int8",
    "uint8": "weights and activations in uint8",
    "int16x8": "weights in int8, activations in int16",
    "mixed": "integers, and floats in between",
}
_SHOWN_LABELS = 5
_SHOWN_ISLANDS = 8


def write_terminal(console: Console, facts: ModelFacts) -> None:
    """Writes tables and sentences.

    Args:
        console: Where to.
        facts: Of a model.
    """
    for table in _tables(facts):
        console.print(table)
        console.print()
    for sentence in (*_sentences(facts), *facts.notes):
        console.print(Text(printable(sentence)))
    if facts.edgetpu is not None:
        from sagui.convert.edgetpu.show import write_terminal as write_edgetpu

        console.print()
        write_edgetpu(console, facts.edgetpu)


def _tables(facts: ModelFacts) -> Iterator[Table]:
    yield _pairs("file", _file(facts))
    if facts.bundle:
        yield _pairs("bundle", _bundle(facts.bundle))
    if metadata := list(_metadata(facts.metadata)):
        yield _pairs("metadata", metadata)
    yield _ends(facts)
    yield _ops(facts)
    yield _dtypes(facts.quantization)
    if facts.tensors is not None:
        yield _tensors(facts.tensors)


def printable(text: str) -> str:
    r"""Takes out of a file's own words what would steer a terminal.

    >>> print(ascii(printable("red\x1b[31m")))
    'red\ufffd[31m'
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    # Without borders, so that the ops of a usual network fit into 80 columns.
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    right = set(numbers)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    # Text, not a string: names in a file may look like rich's markup.
    table.add_row(*(Text(printable(cell)) for cell in cells))


def _pairs(title: str, pairs: Iterable[tuple[str, str]]) -> Table:
    table = _table(title, "")
    for what, value in pairs:
        _row(table, what, value)
    return table


def _file(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    yield "path", facts.file.path
    yield "size", f"{facts.file.bytes:,} bytes"
    yield "sha256", facts.file.sha256
    if facts.bundle:
        yield facts.model.path, f"{facts.model.bytes:,} bytes"
        yield "sha256", facts.model.sha256


def _metadata(metadata: MetadataFacts) -> Iterator[tuple[str, str]]:
    for what in ("name", "version", "description", "author", "license", "writer"):
        if value := getattr(metadata, what):
            yield what, value
    if metadata.entries:
        yield "entries", ", ".join(metadata.entries)
    if metadata.min_runtime:
        yield "oldest runtime", f"TensorFlow Lite {metadata.min_runtime}"
    if metadata.labels is not None:
        yield "labels", _labels(metadata.labels)
    if metadata.mean and metadata.std:
        yield "normalization", f"(pixel - {_numbers(metadata.mean)}) / {_numbers(metadata.std)}"


def _bundle(bundle: BundleFacts) -> Iterator[tuple[str, str]]:
    yield "name", f"{bundle.name} {bundle.version}, of {bundle.created}"
    yield "labels", _labels(bundle.labels)
    share = bundle.accuracy
    yield "accuracy", f"{share.value:.1%} of {share.n:,} test photos ({share.low:.1%} to {share.high:.1%})"
    yield "quantization", f"{bundle.quantization.mode}, {bundle.quantization.calibration:,} photos for calibration"
    if bundle.quantization.forced:
        yield "forced", f"the accuracy gate refused it: {'; '.join(bundle.quantization.forced)}"
    decision = bundle.decision
    yield "decision", f"{decision.unknown!r} below {decision.threshold:g}, temperature {decision.temperature:.3g}"
    yield "golden frames", f"{bundle.golden.count}, to {bundle.golden.tolerance:g} ({bundle.golden.unit})"
    yield "Edge TPU", "model_edgetpu.tflite is in the bundle" if bundle.edgetpu else "no compiled file in the bundle"


def _labels(labels: Sequence[str]) -> str:
    # Labels of ImageNet have commas inside.
    more = f"; ... {labels[-1]}" if len(labels) > _SHOWN_LABELS else ""
    return f"{len(labels):,}: {'; '.join(labels[:_SHOWN_LABELS])}{more}"


def _ends(facts: ModelFacts) -> Table:
    table = _table("", "tensor", "shape", "type", "scale", "zero point", numbers=("scale", "zero point"))
    for what, tensors in (("input", facts.inputs), ("output", facts.outputs)):
        for tensor in tensors:
            _row(table, what, tensor.name, _shape(tensor), tensor.dtype, _scale(tensor), _zero_point(tensor))
    return table


def _ops(facts: ModelFacts) -> Table:
    numbers = ("count", "MACs", "%", "parameters", "bytes", "%")
    table = _table("op", "ver.", *numbers, numbers=numbers)
    totals = facts.totals
    for op in facts.ops:
        counted = "not counted" if op.name in totals.uncounted else f"{op.macs:,}"
        shares = _percent(op.macs, totals.macs), _percent(op.constant_bytes, totals.constant_bytes)
        sizes = f"{op.parameters:,}", f"{op.constant_bytes:,}"
        _row(table, op.name, ", ".join(map(str, op.versions)), f"{op.count:,}", counted, shares[0], *sizes, shares[1])
    table.add_section()
    sums = f"{totals.macs:,}", "", f"{totals.parameters:,}", f"{totals.constant_bytes:,}", ""
    _row(table, "all", "", f"{totals.ops:,}", *sums)
    return table


def _dtypes(quantization: QuantizationFacts) -> Table:
    numbers = ("computed", "constant", "one scale", "scale per channel")
    table = _table("numbers", *numbers, numbers=numbers)
    for row in quantization.dtypes:
        _row(table, row.dtype, *map(str, (row.computed, row.constant, row.per_tensor, row.per_channel)))
    return table


def _tensors(tensors: Sequence[TensorFacts]) -> Table:
    numbers = ("number", "scale", "zero point", "bytes")
    table = _table("number", "tensor", "shape", "type", "scale", "zero point", "axis", "bytes", numbers=numbers)
    for tensor in tensors:
        axis = "" if tensor.axis is None else str(tensor.axis)
        size = f"{tensor.constant_bytes:,}" if tensor.constant_bytes else ""
        cells = tensor.name, _shape(tensor), tensor.dtype, _scale(tensor), _zero_point(tensor), axis, size
        _row(table, str(tensor.number), *cells)
    return table


def _sentences(facts: ModelFacts) -> Iterator[str]:
    quantization = facts.quantization
    yield f"Numbers: {_MODES[quantization.mode]}."
    if quantization.float_ops:
        ops = ", ".join(f"{count} {name}" for name, count in quantization.float_ops.items())
        yield f"Left in floats: {ops}."
    for island in quantization.islands[:_SHOWN_ISLANDS]:
        yield f"Floats between integers: {' -> '.join(island)}."
    if more := len(quantization.islands[_SHOWN_ISLANDS:]):
        yield f"... and {more} more such places."
    if quantization.quantize_ops or quantization.dequantize_ops:
        yield f"Conversions: {quantization.quantize_ops} QUANTIZE, {quantization.dequantize_ops} DEQUANTIZE."
    yield "MACs are multiply-accumulates of convolutions, dense layers and matrix products; bytes those of constants."
    if facts.totals.uncounted:
        yield f"The MACs of {', '.join(facts.totals.uncounted)} are not counted."
    for need in facts.needs:
        yield f"{need.op} ({need.count}) needs {need.needs}."


def _shape(tensor: TensorFacts) -> str:
    sizes = " x ".join(map(str, tensor.shape)) or "scalar"
    return f"{sizes} (open)" if tensor.dynamic else sizes


def _scale(tensor: TensorFacts) -> str:
    known = [scale for scale in tensor.scales if scale is not None]
    if not tensor.scales:
        return ""
    if len(known) < len(tensor.scales):
        return "not finite"
    if tensor.axis is None:
        return f"{known[0]:.6g}"
    return f"{len(known)}: {min(known):.3g} to {max(known):.3g}"


def _zero_point(tensor: TensorFacts) -> str:
    return " to ".join(map(str, sorted({min(tensor.zero_points), max(tensor.zero_points)}))) if tensor.scales else ""


def _numbers(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if part else ""
