"""Kills a device at every point of an update, and looks whether it is whole: ``make torture``.

``python -m tests.torture [--every K] [--seed N]``
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.torture.run import torture


def main(arguments: list[str]) -> int:
    """Gives 1 where a device was torn."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--every", type=int, default=1, help="try one of so many points")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    asked = parser.parse_args(arguments)
    memory = Path("/dev/shm")  # noqa: S108 (what a power cut leaves is played, the disk need not be one)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        result = torture(Path(folder), asked.every, asked.seed, _say)
    _say(str(result))
    return int(bool(result.torn))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
