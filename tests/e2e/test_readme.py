"""A newcomer copies the README's commands as they stand."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from tests.conftest import free_port

MAKE = re.compile(r"^make (\w+)", re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def pets(tmp_path: Path, shapes: Path) -> Path:
    """Discs for cats and squares for dogs, as jpg."""
    for kind, pet in (("disc", "cat"), ("square", "dog")):
        folder = tmp_path / "photos" / pet
        folder.mkdir(parents=True)
        for number, path in enumerate(sorted((shapes / kind).iterdir())):
            picture = cv2.imread(str(path))
            assert picture is not None
            cv2.imwrite(str(folder / f"{number}.jpg"), picture)
    return tmp_path


def test_the_commands_work_as_they_stand(
    root: Path, pets: Path, shapes: Path, program: Callable[[str], str], eventually: Callable[..., bool]
) -> None:
    for name in ("mosquitto", "mosquitto_sub"):
        program(name)
    port = str(free_port())
    # The one thing changed: the port, because a test does not take the one that others use.
    commands = [command.replace("1883", port) for command in blocks((root / "README.md").read_text(), "sh")]
    programs = [command.split()[0] for command in commands]
    assert programs == [*["sagui"] * 5, "mosquitto", "sagui", "mosquitto_sub", "sagui"]
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"]),
        "SAGUI_CACHE": str(pets / "cache"),
    }
    environment.pop("PYTHONPATH", None)

    def run(command: str) -> str:
        done = subprocess.run(
            command, shell=True, cwd=pets, env=environment, capture_output=True, text=True, timeout=250, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    # In the foreground, so that the test can end it.
    broker = subprocess.Popen(commands[5].replace(" -d", "").split(), cwd=pets, env=environment)
    try:
        assert "inspect.html: the page" in run(commands[0])
        assert "test photos right" in run(commands[1])
        assert (pets / "runs" / "pets" / "report.html").exists()
        assert "pets-1.0.0.sagui" in run(commands[2])
        assert "photos/cat/1.jpg: cat" in run(commands[3])
        assert "golden frames reproduced" in run(commands[4])
        assert "the broker acknowledged 60 results" in run(commands[6])
        assert '"label"' in run(commands[7])
        assert "every key" in run(commands[8])
        assert run("sagui config check agent.toml").startswith("agent.toml: ok\n")
    finally:
        broker.terminate()
        broker.wait(10)


def test_the_make_targets_it_names_exist(root: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        named = {target for block in blocks((root / page).read_text(), "console") for target in MAKE.findall(block)}
        assert named
        assert named <= targets


def test_a_bare_make_shows_help(root: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    shown = subprocess.run([make], cwd=root, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "lint", "bench"):
        assert f"make {target}" in shown
