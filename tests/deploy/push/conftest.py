"""A real OpenSSH server on the loopback, and a stand-in for sagui on the device behind it."""

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.conftest import answers, free_port
from tests.deploy.push.pushing import options_for

from sagui.deploy.push import deliver as story
from sagui.deploy.push.command import push as command
from sagui.wire.updates import AT_WORK, UpdateState

SAGUI = """#!/bin/sh
# The contract of `sagui` on a device, with what is to happen in files beside it.
here=${0%/*}
printf '%s\\n' "$*" >>"$here/log"
case "$1 ${2-}" in
"--version ") echo "sagui, version 0.1.0" ;;
"selftest "*) . "$here/selftest" ;;
"update status") test -e "$here/status" && /bin/cat "$here/status" ;;
"update install") . "$here/install" ;;
"update revert") cp "$here/before" "$here/status" ;;
"config check") . "$here/check" ;;
*) echo "Error: no such command: $*" >&2; exit 2 ;;
esac
"""


@dataclass
class Sshd:
    """A device: a real server, with a folder in front of its PATH and one for its temporary files."""

    program: str
    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def tmp(self) -> Path:
        return self.folder / "tmp"

    @property
    def host(self) -> str:
        return f"{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def known(self) -> str:
        """Its line in known_hosts."""
        return f"[127.0.0.1]:{self.port} {(self.folder / 'host.pub').read_text()}"

    def new_host_key(self, kind: str = "ssh-ed25519") -> str:
        """Makes the host key, or another one; gives its fingerprint."""
        key = asyncssh.generate_private_key(kind)
        (self.folder / "host").unlink(missing_ok=True)
        key.write_private_key(self.folder / "host")
        (self.folder / "host").chmod(0o600)
        key.write_public_key(self.folder / "host.pub")
        return key.get_fingerprint()

    def start(self) -> None:
        config = self.folder / "sshd_config"
        lines = {
            "ListenAddress": "127.0.0.1",
            "Port": self.port,
            "HostKey": self.folder / "host",
            "PidFile": "none",
            "AuthorizedKeysFile": self.folder / "authorized_keys",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "Subsystem": "sftp internal-sftp",
            "SetEnv": f'PATH="{self.bin}:{os.environ["PATH"]}" TMPDIR="{self.tmp}" HOME="{self.folder}"',
        } | self.settings
        config.write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen([self.program, "-D", "-e", "-f", str(config)], stdout=log, stderr=log)
        log.close()

    def answers(self) -> bool:
        return answers(self.port)

    def sessions(self) -> list[int]:
        """The processes that serve connections."""
        assert self.process is not None
        return _children(self.process.pid)

    def cut(self) -> None:
        """Ends every connection as a lost network would: no farewell."""
        for session in self.sessions():
            # With shed rights there is a second one; what they started lives on, as it would.
            for pid in [session, *filter(_is_sshd, _children(session))]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        if self.process is not None:
            self.cut()
            self.process.kill()
            self.process.wait()
            self.process = None

    def stand_in(self, name: str, text: str) -> Path:
        """Puts a program in front of the device's own."""
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def left(self) -> list[str]:
        """What is in the folder for temporary files."""
        return sorted(path.name for path in self.tmp.iterdir())


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _is_sshd(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("sshd")
    except FileNotFoundError:
        return False


@pytest.fixture
def make_sshd(
    tmp_path: Path, program: Callable[[str], str], eventually: Callable[..., bool], client_key: Path
) -> Iterator[Callable[..., Sshd]]:
    """Starts servers, each with a device of its own."""
    started: list[Sshd] = []

    def start(**settings: str) -> Sshd:
        if os.geteuid() == 0:  # what sshd asks for where it could shed rights
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        folder = tmp_path / f"device{len(started)}"
        for path in (folder, folder / "bin", folder / "tmp"):
            path.mkdir()
        shutil.copy(client_key.with_suffix(".pub"), folder / "authorized_keys")
        port = free_port()
        sshd = Sshd(program("sshd"), folder, port, settings=settings)
        sshd.new_host_key()
        sshd.start()
        started.append(sshd)
        assert eventually(sshd.answers), (folder / "log").read_text()
        return sshd

    yield start
    for sshd in started:
        sshd.stop()


@pytest.fixture
def sshd(make_sshd: Callable[..., Sshd]) -> Sshd:
    return make_sshd()


@pytest.fixture(scope="session")
def client_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our private key; the public one is beside it."""
    path = tmp_path_factory.mktemp("keys") / "id"
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(path)
    key.write_public_key(path.with_suffix(".pub"))
    return path


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, keys or agent of whoever runs the tests."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@dataclass
class Standin:
    """What `sagui` on the device is to do; shell, run by it."""

    folder: Path

    @property
    def program(self) -> str:
        return str(self.folder / "sagui")

    @property
    def calls(self) -> list[str]:
        """What it was called with."""
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def runs(self, version: str, phase: str = "confirmed", file: str = "status", **more: Any) -> None:
        """Sets what it says that it runs."""
        state = UpdateState(
            time="2026-01-02T03:04:05.000Z",
            model="toy",
            installed_version=version,
            in_progress=phase in AT_WORK,
            phase=phase,  # type: ignore[arg-type]
            **more,
        )
        (self.folder / file).write_bytes(msgspec.json.encode(state) + b"\n")

    def on(self, what: str, shell: str) -> None:
        """Sets what it does."""
        (self.folder / what).write_text(shell + "\n")


@pytest.fixture
def make_standin() -> Callable[[Sshd], Standin]:
    """Puts a `sagui` on a device that runs version 1.0.0 and takes whatever it is given."""

    def make(sshd: Sshd) -> Standin:
        path = sshd.folder / "sagui"
        path.mkdir()
        (path / "sagui").write_text(SAGUI)
        (path / "sagui").chmod(0o755)
        standin = Standin(path)
        standin.runs("1.0.0")
        standin.runs("1.0.0", file="before")
        standin.runs("1.2.3", file="after")
        standin.on("selftest", 'test -s "$2" && echo proven')
        standin.on("install", 'cp "$here/after" "$here/status"')
        standin.on("check", 'echo "$3: ok"')
        return standin

    return make


@pytest.fixture
def standin(sshd: Sshd, make_standin: Callable[[Sshd], Standin]) -> Standin:
    return make_standin(sshd)


@pytest.fixture
def later() -> Callable[[float], datetime]:
    return lambda days: datetime.now(UTC) + timedelta(days=days)


@pytest.fixture(scope="session")
def registry(toy_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed registry that holds `toy_bundle`."""
    from sagui.deploy.registry.create import create
    from sagui.deploy.registry.publish import publish

    folder = tmp_path_factory.mktemp("published")
    create(folder / "registry", folder / "keys", now=datetime.now(UTC))
    publish(toy_bundle, folder / "registry", folder / "keys", now=datetime.now(UTC))
    return folder / "registry"


@pytest.fixture
def push(toy_bundle: Path, registry: Path, client_key: Path, tmp_path: Path) -> Callable[..., Result]:
    """Pushes to servers whose keys are known."""

    def run(*servers: Any, options: tuple[Any, ...] = (), bundle: Path = toy_bundle, signed: bool = True) -> Result:
        words = options_for(servers, client_key, tmp_path, registry if signed else None)
        return CliRunner().invoke(command, [*(one.host for one in servers), str(bundle), *words, *map(str, options)])

    return run


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "_LOOK_EVERY_S", 0.05)
