"""A student copies the commands of the Portuguese guide as they stand."""

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from tests.conftest import free_port, wait_until

from sagui.cli import COMMANDS

ORDER = [*["sagui"] * 4, "mosquitto", "sagui", "mosquitto_sub", *["sagui"] * 5]


@pytest.fixture(scope="module")
def guide(root: Path) -> Path:
    return root / "docs" / "pt-BR" / "guia-rapido.md"


@pytest.fixture
def folder(tmp_path: Path, shapes: Path) -> Path:
    """What step 2 asks for: discs for an open gate and squares for a closed one, as jpg."""
    for kind, label in (("disc", "aberto"), ("square", "fechado")):
        place = tmp_path / "fotos" / label
        place.mkdir(parents=True)
        for number, path in enumerate(sorted((shapes / kind).iterdir()), 1):
            picture = cv2.imread(str(path))
            assert picture is not None
            cv2.imwrite(str(place / f"{number}.jpg"), picture)
    return tmp_path


class Student:
    """Types commands into terminals that are all in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.left_running: list[subprocess.Popen[bytes]] = []
        self.said: dict[int, Path] = {}
        self._environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"]),
            "SAGUI_CACHE": str(folder / "cache"),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONUNBUFFERED": "1",
        }
        self._environment.pop("PYTHONPATH", None)

    def types(self, command: str) -> str:
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def leaves_running(self, command: str, until: str = "") -> subprocess.Popen[bytes]:
        # Into a file: a pipe that nobody reads would fill, and stop the program.
        path = self.folder / f"said-{len(self.left_running)}.txt"
        with path.open("w") as file:
            process = subprocess.Popen(
                shlex.split(command), cwd=self.folder, env=self._environment, stdout=file, stderr=subprocess.STDOUT
            )
        self.left_running.append(process)
        self.said[process.pid] = path
        assert wait_until(lambda: until in path.read_text() or process.poll() is not None), (
            f"{command}: {path.read_text()}"
        )
        assert until in path.read_text(), f"{command}: {path.read_text()}"
        return process

    def presses_ctrl_c(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        assert process.returncode == 0, f"{process.args!r}: {self.said[process.pid].read_text()}"


@pytest.fixture
def student(folder: Path) -> Iterator[Student]:
    student = Student(folder)
    yield student
    for process in reversed(student.left_running):
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)


def test_the_commands_work_as_they_stand(
    guide: Path, student: Student, program: Callable[[str], str], eventually: Callable[..., bool]
) -> None:
    for name in ("mosquitto", "mosquitto_sub"):
        program(name)
    blocks = re.findall(r"^```sh\n(.*?)\n```", guide.read_text(), re.MULTILINE | re.DOTALL)
    assert [command.split()[0] for command in blocks] == ORDER
    # The one thing changed: the ports, because a test does not take those that others use.
    broker, page = str(free_port()), str(free_port())
    inspect, train, convert, classify, mosquitto, run, hear, monitor, dashboard, doctor, selftest, config = (
        command.replace("1883", broker).replace("8080", page) for command in blocks
    )
    student.types(inspect)
    assert "test photos right" in student.types(train)
    assert (student.folder / "runs" / "portao" / "report.html").exists()
    assert "portao-1.0.0.sagui" in student.types(convert)
    assert "aberto/1.jpg: aberto" in student.types(classify)
    student.leaves_running(mosquitto.replace(" -d", ""))  # in the foreground, so that the test can end it
    agent = student.leaves_running(run, until="connected to")
    assert '"label":"' in student.types(hear).replace(" ", "")
    student.presses_ctrl_c(student.leaves_running(monitor, until="entrada"))
    pages = student.leaves_running(dashboard, until=f"dashboard: http://127.0.0.1:{page}")
    shown = urllib.request.Request(f"http://127.0.0.1:{page}", headers={"Accept-Language": "pt-BR"})

    def read() -> str:
        with urllib.request.urlopen(shown, timeout=30) as answer:  # noqa: S310 (our own address)
            return str(answer.read().decode())

    assert eventually(lambda: "/photo/entrada" in read())
    assert "Agora" in read()
    said = student.types(doctor)
    assert "golden frames" in said
    assert f"localhost:{broker}" in said
    assert "golden frames reproduced" in student.types(selftest)
    student.types(config)
    assert student.types("sagui config check agent.toml").startswith("agent.toml: ok\n")
    student.presses_ctrl_c(pages)
    student.presses_ctrl_c(agent)
    assert (student.folder / "state" / "sagui" / "history.db").stat().st_size > 0


def test_the_commands_and_headings_it_names_exist(guide: Path) -> None:
    text = guide.read_text()
    named = set(re.findall(r"(?:^|`)sagui ([a-z]+)", text, re.MULTILINE))
    assert {"train", "convert", "run", "monitor", "dashboard", "doctor", "capture", "data", "broker"} <= named
    assert named <= set(COMMANDS)
    heads = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    within = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert within
    assert within <= anchors


def test_the_readme_leads_to_it(root: Path) -> None:
    assert "docs/pt-BR/guia-rapido.md" in (root / "README.md").read_text()
