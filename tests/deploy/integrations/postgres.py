"""A real PostgreSQL in a folder of its own, on a free port of the loopback."""

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

USER = "postgres"


class Postgres:
    """A server with the database ``sagui``; stopped by `stop`."""

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs, self._folder, self.port = programs, folder, port
        # PostgreSQL will not run as root.
        self._as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        if self._as_user:
            shutil.chown(folder, USER)
        self._run("initdb", "-D", "data", "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        settings = f"-p {port} -h 127.0.0.1 -k '' -c fsync=off -c timezone=America/Sao_Paulo"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")
        self.query("CREATE DATABASE sagui", database="postgres")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def script(self, path: Path) -> None:
        self._psql(["-f", str(path)], "sagui", USER)

    def query(self, sql: str, *, database: str = "sagui", user: str = USER) -> list[dict[str, str]]:
        """Gives the rows, all of them text; empty where NULL."""
        return list(csv.DictReader(io.StringIO(self._psql(["--csv", "-c", sql], database, user))))

    def copy(self, table: str, rows: Sequence[Mapping[str, object]], *, user: str = "telegraf") -> None:
        """Writes rows with COPY, as telegraf's output does; a column that a row has not is NULL."""
        columns = sorted({name for row in rows for name in row})
        lines = [",".join(_cell(row.get(name)) for name in columns) + "\n" for row in rows]
        sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)"
        self._psql(["-c", sql], "sagui", user, "".join(lines))

    def _psql(self, arguments: Sequence[str], database: str, user: str, standard_input: str = "") -> str:
        psql = [str(self._programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database]
        done = subprocess.run(
            [*psql, *where, *arguments], input=standard_input, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as_user, str(self._programs / program), *arguments],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def _cell(value: object) -> str:
    """One cell of PostgreSQL's CSV: nothing is NULL, and text is always in quotes."""
    if value is None:
        return ""
    return '"' + str(value).replace('"', '""') + '"'
