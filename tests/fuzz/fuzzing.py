"""Runs the targets under atheris, each for a while, and keeps what it learned for the next time."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS
from tests.interop.environments import Program, clean_environment, find_python
from tests.lean.environments import BASE, ROOT, source_path

ATHERIS = Program("atheris", (*BASE, "atheris>=3"))

SLOWEST_S = 10
"""A reader that takes longer for a few thousand bytes hangs, for whoever waits."""

MOST_MIB = 1024
"""Likewise for memory: a Pi Zero 2 W has 512 MiB, and atheris itself takes its part."""

_NOISE = ("INFO:", "WARNING:", "stat::")
_MOST_LINES = 60


@dataclass(frozen=True)
class Found:
    """What became of fuzzing a target.

    Attributes:
        runs: How many inputs were tried.
        fault: What it failed on, and how, for a person; None where it stood.
    """

    runs: int
    fault: str | None = None


def fuzz(name: str, seconds: int, kept: Path) -> Found:
    """Feeds a target for a while.

    Args:
        name: Of the target.
        seconds: How long.
        kept: A folder for the inputs that were worth something; the next time begins with them.

    Raises:
        ProgramMissingError: atheris cannot be installed.
    """
    faults = kept.with_name(f"{kept.name}-faults")
    for folder in (kept, faults):
        folder.mkdir(parents=True, exist_ok=True)
    with _beginning(name) as (seeds, words):
        done = _run(
            name,
            kept,
            seeds,
            f"-max_total_time={seconds}",
            f"-max_len={TARGETS[name].longest_bytes}",
            f"-dict={words}",
            f"-artifact_prefix={faults}/",
        )
    tried = re.search(r"Done (\d+) runs|stat::number_of_executed_units: (\d+)", done.stderr)
    runs = int(next(filter(None, tried.groups()))) if tried else 0
    if done.returncode:
        told = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if not line.startswith(_NOISE)]
        return Found(runs, "\n".join(told[-_MOST_LINES:]))
    if not runs:
        return Found(0, f"it ended without a try: {done.stderr[-1000:]}")
    return Found(runs)


def _run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    limits = (f"-timeout={SLOWEST_S}", f"-rss_limit_mb={MOST_MIB}", "-print_final_stats=1", "-verbosity=0")
    harness = [str(find_python(ATHERIS)), "-m", "tests.fuzz.harness", name, *map(str, arguments), *limits]
    # A process begins with the highest memory of the one that started it, and libFuzzer would take it for its own. The
    # shell is small, and starts another one.
    command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *harness]
    with TemporaryDirectory(prefix="sagui-fuzz-") as folder:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=clean_environment() | {"PYTHONPATH": source_path(Path(folder))},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )


@contextmanager
def _beginning(name: str) -> Iterator[tuple[Path, Path]]:
    """Writes the seeds and the words of a target."""
    with TemporaryDirectory(prefix="sagui-seeds-") as folder:
        words, seeds = Path(folder) / "words", Path(folder) / "seeds"
        seeds.mkdir()
        for seed in SEEDS[name]():
            (seeds / sha256(seed).hexdigest()).write_bytes(seed)
        words.write_text("".join(f"{quoted(word)}\n" for word in TARGETS[name].words))
        yield seeds, words


def quoted(word: bytes) -> str:
    r"""Writes a word as libFuzzer's dictionaries have it.

    >>> print(quoted(b'"v"\n'))
    "\x22v\x22\x0a"
    """
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word)
    return f'"{"".join(plain)}"'
