"""Lets atheris feed one target; runs in an environment of its own, where sagui's base dependencies are, and atheris.

``python -m tests.fuzz.harness TARGET FOLDER... [LIBFUZZER OPTION...]``
"""

import sys
from pathlib import Path

_WATCHED = ["sagui", "tests.fuzz.targets", "flatbuffers", "tomllib", "zipfile"]


def main(arguments: list[str]) -> None:
    """Runs until a fault is found, or libFuzzer's options end it."""
    import atheris  # type: ignore[import-untyped]  # only the other environment has it

    name, *options = arguments
    with atheris.instrument_imports(include=_WATCHED):
        from tests.fuzz.targets import TARGETS

        run = TARGETS[name].run
        # What is imported on use is imported now, to be watched, too.
        for folder in (Path(option) for option in options if not option.startswith("-")):
            for path in sorted(folder.iterdir()):
                run(path.read_bytes())

    def feed(data: bytes) -> None:
        run(data)  # libFuzzer wants no answer

    atheris.Setup([sys.argv[0], *options], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
