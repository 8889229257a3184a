"""What a program started, and whether it is still there; by Linux's /proc."""

from pathlib import Path


def children_of(number: int) -> dict[int, str]:
    """The command lines of what its main thread started and has not buried, by their numbers."""
    children = map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split())
    return {child: Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in children}


def still_there(children: dict[int, str]) -> list[str]:
    """The command lines of those that have not ended."""
    return [arguments for child, arguments in children.items() if Path(f"/proc/{child}").exists()]
