"""A trial in another process: it answers, dies, or is ended."""

import os
import signal
import subprocess
import sys
from importlib.resources import files

import msgspec
import pytest

from sagui.infer.choose import choose
from sagui.infer.probe import try_apart
from sagui.infer.probe_child import Answer, Trial, one_line


def trial(runtime: str = "litert", limit_s: float = 60.0) -> Trial:
    model = (files("sagui.infer") / "probe.tflite").read_bytes()
    return Trial(runtime=runtime, model=model, threads=1, delegate=None, limit_s=limit_s)


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_model_that_runs_names_the_runtime() -> None:
    module = choose()
    assert try_apart(trial(module.__name__.rpartition(".")[2])) == Answer("works", module.NAME)


def test_a_runtime_that_is_not_there_is_told() -> None:
    answer = try_apart(trial("no_such_runtime"))
    assert answer.outcome == "refused"
    assert "No module named 'sagui.infer.runtimes.no_such_runtime'" in answer.detail


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGILL", "SIGBUS", "SIGKILL"])
def test_a_death_is_told_by_its_signal(name: str) -> None:
    code = f"import os, sys; sys.stdin.buffer.read(); os.kill(os.getpid(), {int(signal.Signals[name])})"
    assert try_apart(trial(), child(code)) == Answer("died", f"ended by {name}")


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    code = f"import os; os.kill(os.getpid(), {signal.SIGRTMIN + 3})"
    assert try_apart(trial(), child(code)) == Answer("died", f"ended by signal {signal.SIGRTMIN + 3}")


def test_the_last_words_are_kept() -> None:
    code = r"import os; os.write(2, b'note\n\nthe driver \xff is too old\n\nINFO: made\n'); os.abort()"
    assert try_apart(trial(), child(code)) == Answer("died", "ended by SIGABRT: the driver \ufffd is too old")


def test_an_end_without_an_answer_is_no_answer() -> None:
    assert try_apart(trial(), child("import sys; sys.exit(3)")) == Answer("died", "ended with status 3 and no answer")
    assert try_apart(trial(), child("print('works')")).outcome == "died"


def test_a_process_that_hangs_is_ended(tmp_path_factory: pytest.TempPathFactory) -> None:
    told = tmp_path_factory.mktemp("late") / "pid"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    assert try_apart(trial(limit_s=5.0), child(code)) == Answer("late", "no answer in 5 s")
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_a_program_that_cannot_be_started_is_told() -> None:
    answer = try_apart(trial(), ("/no/such/program",))
    assert answer == Answer("refused", "no process to try it in can be started: No such file or directory")


def test_a_trial_ends_even_when_nobody_waits_for_it() -> None:
    # The asker may be gone while a delegate hangs in native code: an alarm that Python does not handle still ends it.
    code = (
        "import time; from sagui.infer import probe_child;"
        "probe_child.try_here = lambda trial: time.sleep(600); probe_child.main()"
    )
    short = msgspec.msgpack.encode(trial(limit_s=0.0))
    done = subprocess.run(child(code), input=short, capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGALRM


def test_a_message_becomes_one_line() -> None:
    assert one_line(ValueError("first\n\n  second ")) == "first second"
    assert one_line(ValueError()) == "ValueError"
