"""Reads the file that is to be looked into: a bundle, or a TFLite file of any maker."""

from dataclasses import dataclass
from pathlib import Path

from sagui.bundle.archive import digest
from sagui.bundle.read import MODEL, Bundle, is_bundle, read_bundle
from sagui.convert.errors import InspectError
from sagui.convert.graph import Graph, read_graphs
from sagui.convert.inspect.facts import FileFacts


@dataclass(frozen=True)
class Source:
    """A model that was read, and nothing said of it yet.

    Attributes:
        file: What was named.
        model: The TFLite file, which may lie in a bundle.
        content: Of the TFLite file.
        graphs: Its subgraphs, the main one first.
        bundle: None for a plain TFLite file.
    """

    file: FileFacts
    model: FileFacts
    content: bytes
    graphs: tuple[Graph, ...]
    bundle: Bundle | None = None


def read_source(path: Path) -> Source:
    """Reads a bundle or a TFLite file; the content tells which it is.

    Raises:
        InspectError: It cannot be read, or is no TFLite file; the message names the file.
        BundleError: It is a damaged bundle.
    """
    if path.is_dir():
        raise InspectError(f"{path}: a folder; name a bundle (.sagui) or a TFLite file (.tflite)")
    try:
        whole = path.read_bytes()
    except OSError as error:
        raise InspectError(f"{path}: cannot be read: {error.strerror}") from error
    bundle = read_bundle(path) if is_bundle(path) else None
    content = bundle.model if bundle else whole
    file = _file(str(path), whole)
    try:
        graphs = read_graphs(content)
    except InspectError as error:
        raise InspectError(f"{path}: {f'entry {MODEL!r}: ' if bundle else ''}{error}") from error
    return Source(file, _file(MODEL, content) if bundle else file, content, graphs, bundle)


def _file(path: str, content: bytes) -> FileFacts:
    return FileFacts(path=path, bytes=len(content), sha256=digest(content))
