"""The benchmarks in short: they run, and report what they promise. No time is judged."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def test_the_quick_benchmarks_report(root: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    program("mosquitto")
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "cli_help", "first_result", "agent_overhead"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "runs" / "bench.json").read_text())
    assert [row["name"] for row in rows] == ["cli_help", "first_result", "agent_overhead"]
    for row in rows:
        assert set(row) == {"name", "value", "unit", "against", "against_value", "ratio"}
        assert row["value"] > 0
        assert row["ratio"] == row["value"] / row["against_value"]
