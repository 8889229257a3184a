"""Looks into a file: reads it, describes it and, on request, asks what an Edge TPU would run."""

from pathlib import Path

import msgspec

from sagui.convert.errors import InspectError
from sagui.convert.inspect.build import describe
from sagui.convert.inspect.facts import ModelFacts
from sagui.convert.inspect.source import read_source


def inspect_file(path: Path, *, tensors: bool = False, edgetpu: bool = False) -> ModelFacts:
    """Says what a bundle or a TFLite file is, without running it.

    Args:
        path: The file; its content tells which it is.
        tensors: Whether to list every tensor.
        edgetpu: Whether to say what an Edge TPU would run.

    Raises:
        InspectError: It cannot be read, is no TFLite file, or a damaged one; the message names the file.
        BundleError: It is a damaged bundle.
    """
    source = read_source(path)
    try:
        facts = describe(source, tensors=tensors)
        if edgetpu:
            from sagui.convert.edgetpu.preflight import preflight

            return msgspec.structs.replace(facts, edgetpu=preflight(source.graphs[0]))
    except InspectError as error:
        raise InspectError(f"{path}: {error}") from error
    return facts
