"""A machine made of files, and an agent's surroundings."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.device.running import Reader

from sagui.device.machine import Answer, Machine


class Tree:
    """A machine whose files and programs a test chooses."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.answers: dict[str, Answer | None] = {}
        self.forbidden: set[str] = set()
        self.asked: list[str] = []
        self.machine = Machine(root, self.ask, lambda path: path.name not in self.forbidden, "python3")

    def put(self, name: str, content: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def link(self, name: str, target: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def answer(self, part: str, out: str = "", status: int | None = 0, error: str = "") -> None:
        """What a command answers that has this part in it."""
        self.answers[part] = Answer(status, out, error)

    def ask(self, command: Sequence[str], _limit_s: float) -> Answer | None:
        line = " ".join(command)
        self.asked.append(line)
        return next((answer for part, answer in self.answers.items() if part in line), None)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "root")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where agents keep what waits: nothing of one test is left to another, or in a person's home."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "sagui" / "porch"


@pytest.fixture
def reader(mosquitto: Any) -> Iterator[Reader]:
    subscriber = Reader(mosquitto.port)
    assert subscriber.subscribed.wait(10)
    yield subscriber
    subscriber.close()
