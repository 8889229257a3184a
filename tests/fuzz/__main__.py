"""Feeds garbage to what reads bytes that anyone may have written: ``make fuzz``.

``python -m tests.fuzz [--seconds 60] [TARGET...]``
"""

import argparse
import os
import sys

from tests.fuzz.fuzzing import fuzz
from tests.fuzz.targets import TARGETS
from tests.interop.environments import ProgramMissingError
from tests.lean.environments import ROOT

KEPT = ROOT / "runs" / "fuzz"


def main(arguments: list[str]) -> int:
    """Gives 1 where a fault was found."""
    asked = _parser().parse_args(arguments)
    failed = False
    for name in asked.target or TARGETS:
        kept = KEPT / name
        try:
            found = fuzz(name, asked.seconds, kept)
        except ProgramMissingError as error:
            required = bool(os.environ.get("SAGUI_REQUIRE_PROGRAMS"))
            _say(f"{'failed' if required else 'skipped'}: {error}")
            return 1 if required else 0
        _say(f"{name}: {found.runs} inputs, {'a fault' if found.fault else 'no fault'}")
        if found.fault:
            failed = True
            _say(f"{found.fault}\nthe input is in {kept}-faults")
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("target", nargs="*", choices=[[], *TARGETS], help="by default all of them")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
