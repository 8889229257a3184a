"""The JSON Schema of every payload, made from the structs.

``python -m sagui.wire.schema > docs/mqtt.schema.json`` writes the published copy.
"""

import sys
from typing import Any

import msgspec

from sagui.wire.messages import PAYLOADS


def json_schema() -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) with a definition for each payload."""
    _, definitions = msgspec.json.schema_components(PAYLOADS, ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}


def main() -> None:
    """Prints the schema."""
    text = msgspec.json.format(msgspec.json.encode(json_schema(), order="deterministic"), indent=2)
    sys.stdout.write(text.decode() + "\n")


if __name__ == "__main__":
    main()
