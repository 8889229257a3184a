"""A database with the tables that telegraf writes, and the folder of what is deployed."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import free_port
from tests.deploy.integrations.postgres import Postgres
from tests.deploy.integrations.telegraf_reading import Config, load


@pytest.fixture(scope="session")
def deployed(root: Path) -> Path:
    return root / "deploy"


@pytest.fixture(scope="session")
def postgres_programs(program: Callable[[str], str]) -> Path:
    """Where Debian has the server's programs; they are not in the PATH."""
    psql = program("psql")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else Path(psql).resolve().parent


@pytest.fixture(scope="session")
def server(postgres_programs: Path, deployed: Path) -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="sagui-postgres-"))
    server = Postgres(postgres_programs, folder, free_port())
    server.script(deployed / "telegraf" / "schema.sql")
    server.script(deployed / "compose" / "dashboard.sql")
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def database(server: Postgres) -> Postgres:
    """The tables, empty."""
    server.query("TRUNCATE results, telemetry, updates, availability")
    return server


@pytest.fixture(scope="session")
def config(deployed: Path) -> Config:
    return load(deployed / "telegraf" / "telegraf.conf")
