"""Engines by name, and tasks in this process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sagui.train.engine import LOCAL
from sagui.train.engine.choose import choose_engine
from sagui.train.errors import EngineError


def double(shared: int, item: int) -> int:
    return shared + 2 * item


def test_here_tasks_run_one_after_another_and_no_sooner_than_asked() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(3):
            taken.append(item)
            yield item

    results = LOCAL.map(double, 100, items())
    assert not taken
    assert next(results) == 100
    assert taken == [0]
    assert list(results) == [102, 104]
    assert list(LOCAL.as_done(double, 1, [5, 6])) == [(5, 11), (6, 13)]


def test_local_is_this_process() -> None:
    assert choose_engine("local") is LOCAL
    assert not LOCAL.remote


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "sagui.train.engine.ray", raising=False)
    with pytest.raises(EngineError, match=r"--engine ray needs Ray: pip install 'sagui\[ray\]'"):
        choose_engine("ray")


@pytest.mark.parametrize(
    ("address", "why"),
    [("127.0.0.1:1", "Connection refused"), ("ray://127.0.0.1:1", "Connection refused"), ("there", "Invalid address")],
)
def test_a_cluster_that_is_not_there_is_named_at_once(
    installed_ray: None, monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(EngineError, match=f"RAY_ADDRESS={address}: no Ray cluster can be joined there: .*{why}"):
        choose_engine("ray")


SCRIPT = """
import os, signal, sys
from pathlib import Path
from sagui.train.engine.choose import choose_engine

def once_killed(marker, item):
    if item == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    print("a worker speaks")
    return item, os.environ["RAY_RAYLET_PID"]

print(*next(zip(*choose_engine("ray").map(once_killed, Path(sys.argv[1]), range(3)))))
print(*next(choose_engine("ray").map(once_killed, Path(sys.argv[1]), [7])))
"""


def test_a_cluster_of_ones_own_says_nothing_and_ends_with_its_process(
    installed_ray: None, tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "marker")],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    in_order, last = done.stdout.splitlines()
    assert in_order == "0 1 2"
    item, raylet = last.split()
    assert item == "7"
    assert (tmp_path / "marker").exists()
    assert eventually(lambda: not Path(f"/proc/{raylet}").exists()), "Ray goes on without us"
