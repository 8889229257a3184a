"""A model that is given: proven, or refused with what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from sagui.device.doctor.model import check_model
from sagui.device.doctor.report import Level
from sagui.device.machine import Machine

GOOD = {
    "name": "cats",
    "version": "1.0.0",
    "runtime": "litert 2.3.0",
    "labels": 3,
    "notes": [],
    "golden": {"count": 8, "difference": 0.0, "unit": "steps"},
}


def test_a_proven_model_is_all_right(tree: Any) -> None:
    tree.answer("model cats.sagui", json.dumps(GOOD))
    (finding,) = check_model(tree.machine, Path("cats.sagui"))
    assert finding.level is Level.OK
    assert "8 golden frames reproduced (largest difference 0 steps)" in finding.text


def test_a_note_is_a_warning_and_a_plain_file_is_not_called_proven(tree: Any) -> None:
    tree.answer("model cats.tflite labels.txt", json.dumps(GOOD | {"golden": None, "notes": ["it runs on the CPU"]}))
    note, finding = check_model(tree.machine, Path("cats.tflite"), Path("labels.txt"))
    assert (note.level, note.text) == (Level.WARNING, "it runs on the CPU")
    assert finding.level is Level.OK
    assert "no golden frames" in finding.text


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        ("cats.sagui: cannot be read: No such file or directory", "ls ."),
        ("cats.sagui: cannot be read: Permission denied", "chmod +r cats.sagui"),
        ("this machine does not compute it: 3 of 8 golden frames differ", "copy the bundle again"),
        ("model.tflite: its sha256 is another", "copy the file again"),
    ],
)
def test_a_refusal_names_the_file_and_what_to_do(tree: Any, error: str, mend: str) -> None:
    tree.answer("model", json.dumps({"error": error}))
    (finding,) = check_model(tree.machine, Path("cats.sagui"))
    assert finding.level is Level.FAILED
    assert finding.text.count("cats.sagui") == 1
    assert finding.mend.startswith(mend)


def test_a_model_that_ends_the_process_does_not_end_the_doctor(tree: Any) -> None:
    tree.answer("model", "", status=-11)
    (finding,) = check_model(tree.machine, Path("cats.tflite"))
    assert finding.level is Level.FAILED
    assert "SIGSEGV" in finding.text


def test_a_damaged_file_is_really_refused(tmp_path: Path) -> None:
    (tmp_path / "cats.sagui").write_bytes(b"PK\x03\x04 cut off")
    (finding,) = check_model(Machine(), tmp_path / "cats.sagui")
    assert finding.level is Level.FAILED
    assert "cats.sagui" in finding.text
