"""Histories on both databases; PostgreSQL is a real one, in a folder of its own on a free port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import free_port

from sagui.deploy.history import History, Row
from sagui.deploy.history.rows import placed
from sagui.deploy.history.sqlite import SqliteHistory

NOON = 1_795_262_400_000  # 2026-11-21T12:00Z


def make_row(number: int = 0, **changes: object) -> Row:
    """The result of a second; `at_ms` follows the rule."""
    fields: dict[str, object] = {
        "device": "porch",
        "id": f"9f86d081884c-{number}",
        "time_ms": NOON + number * 1000,
        "received_ms": NOON + number * 1000 + 40,
        "label": "cat",
        "score": 0.75,
        "model": "pets",
        "version": "1.0.0",
        "stream": "",
        "latency_ms": 4.5,
    } | changes
    fields.setdefault("at_ms", placed(fields["time_ms"], fields["received_ms"]))  # type: ignore[arg-type]
    return Row(**fields)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    return make_row


@pytest.fixture(scope="session")
def noon() -> int:
    return NOON


class Postgres:
    """A server of PostgreSQL that listens on the loopback alone; it refuses to run as root."""

    def __init__(self, programs: Path, port: int) -> None:
        self.port = port
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="sagui-postgres-"))
        self._user = _unprivileged()
        if self._user:
            shutil.chown(self._folder, self._user, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self._folder / "data"), "-U", "sagui", "--auth=trust", "--no-sync", "-E", "UTF8")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(str(self._programs / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}"),
                *("-c", "fsync=off", "-c", "max_connections=20", "-c", "autovacuum=off"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # hangs up on everybody
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://sagui@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            capture_output=True,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            env={**os.environ, "HOME": str(self._folder)},
        )


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@pytest.fixture(scope="session")
def postgres(eventually: Callable[..., bool]) -> Iterator[Postgres]:
    import psycopg

    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs:
        reason = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = Postgres(programs[-1], free_port())
    server.start()

    def answers() -> bool:
        try:
            psycopg.connect(server.url(), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    assert eventually(answers), "PostgreSQL does not answer"
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """An empty database of the server."""
    import psycopg

    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS test WITH (FORCE)")
        connection.execute("CREATE DATABASE test")
    return postgres.url("test")


@pytest.fixture(params=["sqlite", "postgres"])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    """An empty history on each database."""
    opened: History
    if request.param == "sqlite":
        opened = SqliteHistory(tmp_path / "history.db")
    else:
        from sagui.deploy.history.postgres import PostgresHistory

        opened = PostgresHistory(request.getfixturevalue("postgres_url"))
    yield opened
    opened.close()
