"""What to photograph next."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.collect.command import collect
from sagui.device.collect.records import Record, encode_record
from sagui.device.collect.rules import Reason
from sagui.device.collect.summary import PAIRS, Pair, Row, summarize
from sagui.device.errors import DeviceError
from sagui.wire import LabelScore


def record(first: str, second: str, reason: Reason = "unsure", interest: float = 0.9) -> Record:
    top = (LabelScore(label=first, score=0.5), LabelScore(label=second, score=0.4))
    return Record(
        time="2026-01-02T03:04:05.678Z",
        path="x.jpg",
        guess=first,
        top=top,
        model="toy 1",
        reason=reason,
        interest=interest,
    )


RECORDS = [
    record("cat", "dog"),
    record("dog", "cat", interest=0.7),
    record("cat", "lynx", "flickered", 0.8),
    record("cat", "dog"),
]


def test_labels_and_pairs_are_counted() -> None:
    summary = summarize(RECORDS)
    assert summary.rows == (Row("cat", 3, 2, 1, 0.867), Row("dog", 1, 1, 0, 0.7))
    assert summary.pairs == (Pair(("cat", "dog"), 3),)


@given(st.lists(st.builds(record, *[st.sampled_from("abcdefgh")] * 2, st.sampled_from(["unsure", "flickered"]))))
def test_every_photo_counts_once(records: list[Record]) -> None:
    summary = summarize(records)
    assert sum(row.photos for row in summary.rows) == len(records)
    assert all(row.photos == row.unsure + row.flickered for row in summary.rows)
    assert len(summary.pairs) <= PAIRS
    assert [row.photos for row in summary.rows] == sorted((row.photos for row in summary.rows), reverse=True)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(collect, [str(folder), *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "collected.jsonl").write_bytes(b"".join(map(encode_record, RECORDS)))
    return tmp_path


def test_a_person_reads_a_table(folder: Path) -> None:
    assert run(folder).output.splitlines() == [
        "guess  photos  unsure  flickered  interest",
        "cat         3       2          1      0.87",
        "dog         1       1          0      0.70",
        "",
        "confused most:",
        "  cat and dog: 3",
    ]


def test_a_program_reads_json(folder: Path) -> None:
    answer: dict[str, Any] = json.loads(run(folder, "--json").output)
    assert answer["rows"][0] == {"guess": "cat", "photos": 3, "unsure": 2, "flickered": 1, "interest": 0.867}
    assert answer["pairs"] == [{"labels": ["cat", "dog"], "photos": 3}]


def test_lines_that_are_none_are_said(folder: Path) -> None:
    with (folder / "collected.jsonl").open("ab") as file:
        file.write(b"{\n[]\n")
    done = run(folder)
    assert done.exit_code == 0
    assert "2 lines are no records" in done.stderr


def test_a_label_cannot_steer_the_terminal(folder: Path) -> None:
    (folder / "collected.jsonl").write_bytes(encode_record(record("a\x1b[2J", "b")))
    assert "\x1b" not in run(folder).output


def test_nothing_and_nowhere_are_said(tmp_path: Path) -> None:
    assert isinstance(run(tmp_path).exception, DeviceError)
    assert "give a folder that a device collected in" in str(run(tmp_path).exception)
    (tmp_path / "collected.jsonl").write_bytes(b"")
    assert run(tmp_path).output == "nothing was collected yet\n"
