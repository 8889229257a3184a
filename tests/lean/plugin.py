"""For pytest in a lean environment: leaves out the tests that `left_out.py` names, and nothing else.

A test that is skipped there fails the run: nothing may drop out without a reason that is written down.
"""

from pathlib import Path

import pytest
from tests.lean.left_out import LEFT_OUT, matches

_DROPPED = pytest.StashKey[list[str]]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Does not even import a file that is left out whole."""
    name = next((name for name in LEFT_OUT if config.rootpath / name == collection_path), None)
    if name is None:
        return None
    config.stash.setdefault(_DROPPED, []).append(name)
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the tests that are left out."""
    dropped = [item for item in items if any(matches(item.nodeid, name) for name in LEFT_OUT)]
    items[:] = [item for item in items if item not in dropped]
    config.hook.pytest_deselected(items=dropped)
    config.stash.setdefault(_DROPPED, []).extend(item.nodeid for item in dropped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says what was left out, and why."""
    dropped = config.stash.get(_DROPPED, [])
    terminalreporter.section("left out, because of what is not here")
    for name, reason in LEFT_OUT.items():
        count = sum(matches(nodeid, name) for nodeid in dropped)
        if count:
            terminalreporter.line(f"{name} ({count}): {reason.value}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Turns a skip into a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("a test was skipped: name it in tests/lean/left_out.py, with a reason", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
