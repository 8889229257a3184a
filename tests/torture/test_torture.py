"""A device is killed at some of the points of an update; `make torture` tries all.

In processes of their own: what is forked again and again must be small, and have one thread.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EVERY = 250

TRY = """
import sys
from pathlib import Path
from tests.torture.check import TornError
from tests.torture.points import Point, happens
from tests.torture.scenarios import Scenario, copy_of, make_models

folder, ends, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
models = make_models(folder / "registry")
(folder / "device").mkdir()
scenario = Scenario("a plan", ends)
world = scenario.prepare(folder / "device", models)
try:
    happens(scenario, copy_of(world, folder / "tried"), Point("stopped when it says something", at, None))
except TornError as error:
    print(error)
"""


def run(root: Path, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=root, capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_device_that_dies_at_any_point_of_an_update_is_whole_and_comes_to_the_end(root: Path) -> None:
    lines = run(root, "-m", "tests.torture", "--every", EVERY, "--seed", 3).splitlines()
    found = re.fullmatch(r"(\d+) points, (\d+) whole, 0 torn", lines[-1])
    assert found, lines[-1]
    assert found[1] == found[2]
    assert int(found[1]) > 20


@pytest.mark.parametrize(
    ("ends", "at", "words"),
    [
        ("new", 3, ""),
        ("old", 3, "ended on 1.1.0, not on 1.0.0"),
        ("new", 10_000, "it never happened: the device does otherwise than when it was rehearsed"),
    ],
    ids=["a device that does as it should", "one that ends otherwise", "a point that is never reached"],
)
def test_whoever_looks_for_torn_devices_can_see_one(root: Path, tmp_path: Path, ends: str, at: int, words: str) -> None:
    assert run(root, "-c", TRY, tmp_path, ends, at).strip() == words
