"""How files and programs are asked."""

import sys
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sagui.device.machine import Machine, ask_program, number


def test_a_program_answers() -> None:
    answer = ask_program([sys.executable, "-c", "import sys; print('é'); sys.exit(3)"], 10)
    assert answer is not None
    assert (answer.status, answer.out) == (3, "é\n")


def test_a_program_that_is_not_there_gives_no_answer() -> None:
    assert ask_program(["no-such-program-anywhere"], 1) is None


def test_a_program_that_hangs_is_given_up() -> None:
    answer = ask_program([sys.executable, "-c", "import time; time.sleep(60)"], 0.2)
    assert answer is not None
    assert answer.status is None
    assert "0.2 s" in answer.error


def test_a_program_gets_no_input_to_wait_for() -> None:
    answer = ask_program([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"], 10)
    assert answer is not None
    assert answer.out == "''\n"


def test_only_success_is_an_answer(tree: Any) -> None:
    tree.answer("good", "yes")
    tree.answer("bad", "no", status=1)
    assert tree.machine.answer("good") == "yes"
    assert tree.machine.answer("bad") is None
    assert tree.machine.answer("missing") is None


def test_files_are_read_below_the_root(tree: Any) -> None:
    tree.put("proc/device-tree/model", "Raspberry Pi Zero 2 W Rev 1.0\0")
    assert tree.machine.board == "Raspberry Pi Zero 2 W Rev 1.0"
    assert tree.machine.is_raspberry_pi
    assert tree.machine.text("proc") is None
    assert list(tree.machine.below("proc", "*/model")) == ["proc/device-tree/model"]
    assert list(tree.machine.below("nowhere", "*")) == []


def test_bytes_that_are_no_text_do_not_stop_the_doctor(tree: Any) -> None:
    tree.put("sys/name")
    (tree.root / "sys/name").write_bytes(b"Web\xffcam\n")
    assert tree.machine.text("sys/name") == "Web\ufffdcam"


def test_another_machine_is_no_raspberry_pi(tmp_path: Path) -> None:
    assert not Machine(tmp_path).is_raspberry_pi


@given(st.none() | st.text() | st.floats(allow_nan=False).map(str))
def test_what_is_no_number_is_none(content: str | None) -> None:
    value = number(content)
    assert value is None or isinstance(value, float)
