"""What may crash is tried apart, and every way to fail becomes one line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sagui.device.doctor.probe import main, run_probe
from sagui.device.machine import Answer, Machine, ask_program
from sagui.infer.choose import choose


def child(code: str, most_s: float = 30.0) -> Machine:
    """A machine whose probes run other code than ours, in a real process."""
    return Machine(ask=lambda _command, limit_s: ask_program([sys.executable, "-c", code], min(limit_s, most_s)))


def test_a_module_that_is_there_says_its_version_and_place() -> None:
    probed = run_probe(Machine(), "import", "msgspec")
    assert not probed.error
    assert probed.values["version"][0].isdecimal()
    assert Path(probed.values["file"]).name == "__init__.py"


def test_a_module_that_is_missing_says_so() -> None:
    probed = run_probe(Machine(), "import", "no_such_module")
    assert probed.error == "No module named 'no_such_module'"
    assert not probed.crashed


def test_the_runtime_of_this_machine_really_runs() -> None:
    chosen = choose()
    probed = run_probe(Machine(), "runtime", chosen.__name__.rpartition(".")[2])
    assert not probed.error
    assert probed.values["name"] == chosen.NAME


def test_a_crash_is_named_by_its_signal() -> None:
    probed = run_probe(child("import os, signal; os.kill(os.getpid(), signal.SIGILL)"), "runtime", "litert")
    assert probed.crashed
    assert probed.error == "it crashes (SIGILL)"


def test_a_hang_ends() -> None:
    probed = run_probe(child("import time; time.sleep(60)", 0.5), "runtime", "litert")
    assert probed.crashed
    assert "no answer within" in probed.error


@pytest.mark.parametrize("said", ["", "hello", "[1]", "3", '{"a":'])
def test_an_answer_that_is_none_is_an_error(said: str) -> None:
    probed = run_probe(Machine(ask=lambda *_: Answer(1, said, "Traceback\nValueError: boom\n")), "runtime", "litert")
    assert probed.error == "ValueError: boom"


def test_chatter_before_the_answer_is_passed_over() -> None:
    probed = run_probe(Machine(ask=lambda *_: Answer(0, 'INFO: hello\n{"version": "1"}\n')), "import", "x")
    assert (probed.values, probed.error) == ({"version": "1"}, "")


def test_a_python_that_is_gone_is_an_error() -> None:
    assert "cannot be started" in run_probe(Machine(ask=lambda *_: None), "import", "x").error


def test_a_refusal_is_one_line_of_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    main(["model", str(tmp_path / "none.sagui")])
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "none.sagui" in json.loads(said)["error"]


def test_a_model_is_proven(toy_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["model", str(toy_bundle)])
    told: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["name"], told["version"], told["labels"]) == ("toy", "1.2.3", 3)
    assert told["golden"] == {"count": 3, "difference": 0.0, "unit": "steps"}
