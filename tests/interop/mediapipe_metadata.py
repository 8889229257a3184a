"""What MediaPipe's own schema finds in a TFLite file's metadata. Runs where MediaPipe is and sagui is not.

``python mediapipe_metadata.py FILE`` prints it as JSON, with the schema's names for what it holds, and with the
contents of the files that are packed into it.
"""

import json
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """The schema's objects as JSON knows them; what is not set is left out."""
    if hasattr(value, "__dict__"):
        return {name: plain(part) for name, part in vars(value).items() if part is not None}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else value


def described(model: bytes) -> dict[str, Any]:
    """The metadata that a TFLite file points to."""
    tflite = import_module("mediapipe.tasks.metadata.schema_py_generated")
    metadata = import_module("mediapipe.tasks.metadata.metadata_schema_py_generated")
    content = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(model, 0))
    (at,) = (entry.buffer for entry in content.metadata if entry.name in {"TFLITE_METADATA", b"TFLITE_METADATA"})
    blob = bytes(content.buffers[at].data)
    assert metadata.ModelMetadata.ModelMetadataBufferHasIdentifier(blob, 0), "not M001"
    return dict(plain(metadata.ModelMetadataT.InitFromObj(metadata.ModelMetadata.GetRootAs(blob, 0))))


def main() -> None:
    path = Path(sys.argv[1])
    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name).decode() for name in packed.namelist()}
    sys.stdout.write(json.dumps({"metadata": described(path.read_bytes()), "files": files}))


if __name__ == "__main__":
    main()
