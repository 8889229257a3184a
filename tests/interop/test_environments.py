"""Where the programs of others live."""

from pathlib import Path

import pytest
from tests.interop.conftest import required
from tests.interop.environments import Program, ProgramMissingError, find_python

NOWHERE = Program("nowhere-1.0", ("./no-such-package",))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "sagui-tests"


def test_what_cannot_be_installed_says_why_and_leaves_nothing(cache: Path) -> None:
    with pytest.raises(ProgramMissingError, match=r"nowhere-1.0 cannot be installed: ERROR: .*no-such-package"):
        find_python(NOWHERE)
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_a_library_that_is_missing_is_named_with_its_package(cache: Path) -> None:
    program = Program("nowhere-1.0", (), (("nowhere", "libnowhere1"),))
    with pytest.raises(ProgramMissingError, match=r"nowhere-1\.0 needs libnowhere: apt-get install libnowhere1"):
        find_python(program)
    assert not cache.exists()


def test_a_missing_program_is_a_skip_at_home_and_a_failure_in_ci(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(program: Program) -> Path:
        raise ProgramMissingError(f"{program.name} cannot be installed: no network")

    monkeypatch.setattr("tests.interop.conftest.find_python", missing)
    monkeypatch.delenv("SAGUI_REQUIRE_PROGRAMS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no network"):
        required(NOWHERE)
    monkeypatch.setenv("SAGUI_REQUIRE_PROGRAMS", "1")
    with pytest.raises(pytest.fail.Exception, match="no network"):
        required(NOWHERE)
