"""What work may say while it goes on."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Advance(Protocol):
    """Called with the steps done since the last call, and optionally with how it stands."""

    def __call__(self, steps: int = 1, note: str = "") -> None:
        """Goes on."""


class Progress(Protocol):
    """Shows work."""

    def task(self, what: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Opens a piece of work of ``total`` steps; without a total, it shows that something goes on."""

    def say(self, line: str) -> None:
        """Says one line that stays."""


class _Silent:
    """Says nothing: for tests, and for those who call the stages from Python."""

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[Advance]:  # noqa: ARG002 (the port's signature)
        yield _ignore

    def say(self, line: str) -> None:
        """See `Progress.say`."""


def _ignore(steps: int = 1, note: str = "") -> None:
    pass


SILENT: Progress = _Silent()
