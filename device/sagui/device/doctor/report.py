"""What the doctor finds, as values."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is: a warning lets the agent run, a failure does not."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        check: What was looked at, in a word.
        text: What was found.
        mend: The command that mends it, or what to do where no command can; empty when all is well.
    """

    check: str
    level: Level
    text: str
    mend: str = ""


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, mend: str) -> Finding:
    """The agent runs, but not as well as it could."""
    return Finding(check, Level.WARNING, text, mend)


def failed(check: str, text: str, mend: str) -> Finding:
    """The agent cannot do its work."""
    return Finding(check, Level.FAILED, text, mend)


def count(findings: Iterable[Finding]) -> dict[Level, int]:
    """Counts the findings of each level."""
    levels = [finding.level for finding in findings]
    return {level: levels.count(level) for level in Level}


def document(findings: Iterable[Finding]) -> dict[str, Any]:
    """Gives what `sagui doctor --json` prints."""
    listed = list(findings)
    return {
        **{level.value: number for level, number in count(listed).items()},
        "findings": [asdict(finding) for finding in listed],
    }
