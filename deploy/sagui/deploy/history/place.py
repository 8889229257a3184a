"""Where a history is, and opening it there."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sagui.deploy.history.errors import HistoryError
from sagui.deploy.history.port import History

_SCHEMES = ("postgresql://", "postgres://")


def default_file(environment: Mapping[str, str]) -> Path:
    """Gives the file of the history: in systemd's state directory, else the user's.

    Args:
        environment: ``STATE_DIRECTORY`` (systemd), ``XDG_STATE_HOME``, ``HOME``.
    """
    if service := environment.get("STATE_DIRECTORY"):
        return Path(service.partition(":")[0]) / "history.db"
    if state := environment.get("XDG_STATE_HOME"):
        return Path(state) / "sagui" / "history.db"
    return Path(environment.get("HOME") or "/") / ".local" / "state" / "sagui" / "history.db"


def open_history(where: str) -> History:
    """Opens a history, and makes it where there is none.

    Args:
        where: A file for SQLite, or ``postgresql://user@host:port/database``.

    Raises:
        HistoryError: It cannot be opened; the message says how to mend it.
    """
    check_place(where)
    if where.startswith(_SCHEMES):
        from sagui.deploy.history.postgres import PostgresHistory

        return PostgresHistory(where)
    from sagui.deploy.history.sqlite import SqliteHistory

    return SqliteHistory(Path(where))


def check_place(where: str) -> None:
    """Refuses what can be no place of a history, before anything is opened.

    Args:
        where: As `open_history` takes it.

    Raises:
        HistoryError: It says what to write instead, and never shows a password.
    """
    if where.startswith(_SCHEMES):
        _check_address(where)
    elif not where:
        raise HistoryError("the database's name is empty; use a file, or postgresql://USER@HOST/DATABASE")
    elif "://" in where:
        raise HistoryError(
            f"database {where.partition('://')[0]}://...: use a file, or postgresql://USER@HOST/DATABASE"
        )


def _check_address(url: str) -> None:
    # Before all else: other messages show the address, and every user of the machine sees a command line.
    try:
        has_password = urlsplit(url).password is not None or "password" in urlsplit(url).query.lower()
    except ValueError as error:
        raise HistoryError("the database's address cannot be read; use postgresql://USER@HOST:PORT/DATABASE") from error
    if has_password:
        raise HistoryError("leave the password out of the database's address; set PGPASSWORD, or write ~/.pgpass")
