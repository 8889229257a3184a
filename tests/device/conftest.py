"""A machine made of files, and an agent's surroundings."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.device.running import Agent, Reader

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
    assert subscriber.subscribed.wait(30)
    yield subscriber
    subscriber.close()


@pytest.fixture
def write_settings(tmp_path: Path, toy_bundle: Path, colours: Path, stopped_mosquitto: Any) -> Callable[..., Path]:
    """Writes a file of settings: the toy bundle looks at photos again and again, 20 a second."""

    def write(more: str = "", model: Path = toy_bundle, photos: Path = colours) -> Path:
        path = tmp_path / "agent.toml"
        path.write_text(
            f'model = "{model}"\n[camera]\nspec = "folder:{photos}"\nloop = true\nfps = 20\n'
            f'[broker]\nurl = "{stopped_mosquitto.url}"\n{more}'
        )
        return path

    return write


@pytest.fixture
def start() -> Iterator[Callable[..., Agent]]:
    """Starts agents, and leaves none behind where a test fails."""
    agents: list[Agent] = []

    def begin(*arguments: object) -> Agent:
        agents.append(Agent(*arguments))
        return agents[-1]

    yield begin
    for agent in agents:
        agent.process.kill()
        agent.process.wait()


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A folder of photos of which no two are alike."""
    folder, rng = tmp_path / "noise", np.random.default_rng(11)
    folder.mkdir()
    for number in range(200):
        coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number:03d}.png"), cv2.resize(coarse, (48, 48), interpolation=cv2.INTER_NEAREST))
    return folder
