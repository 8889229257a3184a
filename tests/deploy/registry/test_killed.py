"""A publisher that is killed at any moment leaves a registry that devices accept, and may be run again."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sagui.deploy.registry.publish import publish


def kills(what: str, work: Path) -> list[dict[str, Any]]:
    program = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, str(program), what, str(work)], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def work(place: Any, make_bundle: Any, tmp_path: Path) -> Path:
    publish(make_bundle(), place.folder, place.keys, now=place.now)
    shutil.copytree(place.folder, tmp_path / "work" / "registry")
    shutil.copytree(place.keys, tmp_path / "work" / "keys")
    return tmp_path / "work"


@pytest.mark.parametrize(
    ("version", "name", "end"),
    [("1.1.0", "pets", ["1.0.0", "1.1.0"]), ("1.1.0", "birds", ["1.0.0"])],
    ids=["next-version", "new-model"],
)
def test_publishing(work: Path, make_bundle: Any, version: str, name: str, end: list[str]) -> None:
    shutil.copy(make_bundle(version, name=name, head=b"x"), work / "next.sagui")
    points = kills("publish", work)
    assert len(points) > 12
    assert [point["done"] for point in points] == [False] * (len(points) - 1) + [True]
    for point in points:
        assert point["problems"] == []
        assert point["killed"] in (["1.0.0"], end)
        assert point["after"] == end


@pytest.mark.parametrize("what", ["refresh", "root", "targets", "snapshot", "timestamp", "pets"])
def test_renewing_and_rotating(work: Path, what: str) -> None:
    points = kills(what, work)
    assert len(points) > 4
    for point in points:
        assert point["problems"] == []
        assert point["before"] == point["killed"] == point["after"] == ["1.0.0"]


def test_pruning(work: Path, make_bundle: Any, tmp_path: Path) -> None:
    publish(make_bundle("1.1.0", head=b"x"), work / "registry", work / "keys", now=datetime.now(UTC))
    points = kills("prune", work)
    assert len(points) > 12
    for point in points:
        assert point["problems"] == []
        assert point["before"] == ["1.0.0", "1.1.0"]
        assert point["killed"] in (["1.0.0", "1.1.0"], ["1.1.0"])
        assert point["after"] == ["1.1.0"]
