"""The benchmarks in short: they run, and report what they promise. No time is judged."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.bench.conversion import classifier_vs_bare, int8_latency, int8_size
from tests.bench.outbox import outbox_rate
from tests.bench.rows import Row
from tests.bench.scale import memory_200k
from tests.bench.speed import decode, feature_extraction, train_step

from sagui.train.predict import BATCH


@pytest.mark.timeout(900)
def test_the_quick_benchmarks_report(root: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    program("mosquitto")
    program("mosquitto_sub")
    quick = ["cli_help", "first_result", "agent_overhead", "agent_fps_1", "frame_to_broker_p99", "agent_memory"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *quick],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root), "SAGUI_BENCH_FRAMES": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "runs" / "bench.json").read_text())
    assert [row["name"] for row in rows] == quick
    for row in rows:
        assert set(row) == {"name", "value", "unit", "against", "against_value", "ratio"}
        assert row["value"] > 0
        assert row["ratio"] == row["value"] / row["against_value"]


@pytest.mark.parametrize(
    ("measure", "amount", "unit"),
    [
        (decode, 8, "photos/s"),
        (feature_extraction, BATCH, "photos/s"),
        (train_step, 2, "photos/s"),
        (outbox_rate, 500, "results/s"),
    ],
    ids=["decode", "feature_extraction", "train_step", "outbox_rate"],
)
def test_speeds_in_short(measure: Callable[[int], Row], amount: int, unit: str) -> None:
    row = measure(amount)
    assert row.unit == unit
    assert row.value > 0
    assert row.against_value > 0


@pytest.mark.parametrize(("measure", "unit"), [(int8_latency, "ms"), (classifier_vs_bare, "ms")])
def test_the_speeds_of_converted_files_in_short(measure: Callable[[int], Row], unit: str) -> None:
    row = measure(5)
    assert row.unit == unit
    assert row.value > 0
    assert row.against_value > 0


def test_an_int8_file_is_less_than_a_third() -> None:
    row = int8_size()
    assert 0.25 < row.ratio < 0.33


def test_the_memory_of_a_large_dataset_in_short(tmp_path: Path) -> None:
    row = memory_200k(tmp_path, 400)
    assert row.unit == "GiB"
    assert 0.1 < row.value < 2
