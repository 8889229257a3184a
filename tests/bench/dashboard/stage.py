"""What is measured, as processes of their own: a mosquitto, `sagui dashboard`, publishers, and a page in Chromium."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, ViewportSize, sync_playwright
from tests.bench.dashboard.listener import Heard
from tests.bench.dashboard.publisher import BEGINS, Said
from tests.conftest import answers, free_port, wait_until

SIZE: ViewportSize = {"width": 1280, "height": 900}
"""Of the browser's window."""

_MIB = 2**20
_GOODBYE_S = 30
_DASHBOARD = "from sagui.deploy.dashboard.command import dashboard; dashboard()"


class Server:
    """A process with pages.

    Attributes:
        url: Of the first page.
        pid: Of the process.
    """

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.url, self.pid = url, process.pid

    def cpu_s(self) -> float:
        """Processor time so far, in seconds (proc(5))."""
        # The name, in brackets, may hold spaces.
        numbers = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """Resident memory, MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder on the disk: where ``/tmp`` is memory, it would measure that."""
    runs = Path("runs").absolute()
    runs.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=runs) as name:
        yield Path(name)


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A real broker that queues as docs/dashboards.md says; gives its port."""
    port, config = free_port(), folder / "mosquitto.conf"
    queues = "max_queued_messages 1000000\nmax_inflight_messages 1000\n"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n{queues}")
    with subprocess.Popen([program("mosquitto"), "-c", config], stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(0.5)
            yield port
        finally:
            process.terminate()


@contextmanager
def dashboard(port: int, folder: Path) -> Iterator[Server]:
    """`sagui dashboard` with ``history.db`` in a folder; ends with an error where it does not start."""
    command = ["--broker", f"mqtt://127.0.0.1:{port}", "--port", "0", "--database", str(folder / "history.db")]
    with _started([sys.executable, "-c", _DASHBOARD, *command]) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first.startswith("dashboard: http://"):
            sys.exit(first + process.stdout.read())
        yield Server(process, first.split()[1])


@contextmanager
def bare_page() -> Iterator[Server]:
    """NiceGUI with one word on its page: the least that a page of it costs."""
    port = free_port()
    with _started([sys.executable, "-m", "tests.bench.dashboard.bare", str(port)]) as process:
        if not wait_until(lambda: answers(port)):
            sys.exit("NiceGUI does not answer")
        yield Server(process, f"http://127.0.0.1:{port}")


@contextmanager
def publisher(port: int, devices: int, per_s: float, count: int) -> Iterator[subprocess.Popen[str]]:
    """Says results, from now on; see `tests.bench.dashboard.publisher.speak`."""
    with _module("publisher", port, devices, per_s, count) as process:
        yield process


@contextmanager
def listener(port: int, count: int) -> Iterator[subprocess.Popen[str]]:
    """Hears results, from now on; see `tests.bench.dashboard.listener.listen`."""
    with _module("listener", port, count) as process:
        yield process


def said(process: subprocess.Popen[str]) -> Said:
    """Waits for a publisher's end."""
    return Said(**_told(process))


def heard(process: subprocess.Popen[str]) -> Heard:
    """Waits for a listener's end."""
    return Heard(**_told(process))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
        opened = playwright.chromium.launch(executable_path=program("chromium"), args=options)
        try:
            yield opened
        finally:
            opened.close()


def program(name: str) -> str:
    """Where Debian puts a program; ends with an error where it is not installed."""
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if path is None:
        sys.exit(f"make bench-dashboard needs {name}: apt-get install chromium mosquitto postgresql")
    return path


@contextmanager
def _module(name: str, *arguments: float) -> Iterator[subprocess.Popen[str]]:
    """Starts a module of this folder; its first line says that it is at work."""
    with _started([sys.executable, "-m", f"tests.bench.dashboard.{name}", *map(str, arguments)]) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if first.strip() != BEGINS:
            sys.exit(first + process.stdout.read())
        yield process


def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(output)
    told: dict[str, Any] = json.loads(output)
    return told


@contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_GOODBYE_S)
            except subprocess.TimeoutExpired:
                process.kill()
