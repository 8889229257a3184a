from pathlib import Path

import pytest

from sagui.deploy.history import HistoryError, open_history
from sagui.deploy.history.place import default_file


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"STATE_DIRECTORY": "/var/lib/sagui:/other", "HOME": "/root"}, "/var/lib/sagui/history.db"),
        ({"XDG_STATE_HOME": "/state", "HOME": "/root"}, "/state/sagui/history.db"),
        ({"HOME": "/home/ana"}, "/home/ana/.local/state/sagui/history.db"),
    ],
)
def test_the_file_is_where_state_belongs(environment: dict[str, str], path: str) -> None:
    assert default_file(environment) == Path(path)


@pytest.mark.parametrize(
    "url", ["postgresql://ana:hush@localhost/db", "postgres://localhost/db?user=ana&password=hush"]
)
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(HistoryError, match="PGPASSWORD") as told:
        open_history(url)
    assert "hush" not in str(told.value)


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(HistoryError, match="use a file, or postgresql://"):
        open_history("mysql://root:hush@localhost/db")


def test_a_file_is_made_with_its_folder(tmp_path: Path) -> None:
    open_history(str(tmp_path / "a" / "b" / "history.db")).close()
    assert (tmp_path / "a" / "b" / "history.db").exists()
