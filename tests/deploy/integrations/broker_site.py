"""A broker that lets in whom `sagui broker init` knows, at work on a free port of the loopback."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from click.testing import CliRunner
from tests.conftest import answers, free_port, wait_until

from sagui.deploy.broker.command import broker as command


class Site:
    """Its files, its process, and devices that speak to it with their own certificates.

    Args:
        program: Gives a program's path.
        folder: Where the files go.
        devices: Who gets a device's certificate.
        reader: Who gets a reader's.
        around: A mosquitto.conf that includes the site's, if there is one; `start` then gets it.
        operator: Who gets an operator's.
    """

    def __init__(
        self,
        program: Callable[[str], str],
        folder: Path,
        devices: Sequence[str],
        reader: str,
        around: Callable[["Site"], Path] | None = None,
        operator: str = "ana",
    ) -> None:
        self.port, self.folder = free_port(), folder / "site"
        self.reader = self.folder / "readers" / reader
        self.operator = self.folder / "operators" / operator
        self._publisher, self._log = program("mosquitto_pub"), folder / "mosquitto.log"
        people = [part for one in devices for part in ("--device", one)]
        options = [
            "--host",
            "localhost",
            "--host",
            "broker",
            "--reader",
            reader,
            "--operator",
            operator,
            *people,
            "--bind",
            "127.0.0.1",
        ]
        options += ["--install-dir", str(self.folder / "mosquitto"), "--port", str(self.port)]
        done = CliRunner().invoke(command, ["init", str(self.folder), *options])
        assert done.exit_code == 0, done.output
        conf = self.folder / "mosquitto" / "sagui.conf"
        # Started by root, mosquitto would read its files as another user.
        conf.write_text(conf.read_text("utf-8") + "user root\n", "utf-8")
        path = around(self) if around else conf
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([program("mosquitto"), "-c", str(path)], stdout=log, stderr=log)
        assert wait_until(lambda: answers(self.port)), self._log.read_text("utf-8")

    def say(self, device: str, topic: str, payload: bytes, *options: str) -> None:
        place = self.folder / "devices" / device
        files = ["--cafile", place / "ca.crt", "--cert", place / "agent.crt", "--key", place / "agent.key"]
        where = ["-h", "localhost", "-p", str(self.port), "-q", "1", "-t", topic, "-s", *options]
        subprocess.run([self._publisher, *where, *map(str, files)], input=payload, timeout=20, check=True)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
