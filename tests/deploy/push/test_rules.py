"""What needs no device: what one says of itself, what its reports mean, and what it is told to run."""

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.push import commands
from sagui.deploy.push.commands import Device
from sagui.deploy.push.errors import PushError
from sagui.deploy.push.machine import (
    Machine,
    parse_look,
    require_machine,
    require_python,
    require_room,
    require_sagui,
)
from sagui.deploy.push.parcel import Parcel, Piece
from sagui.deploy.push.remote import Ran, printable
from sagui.deploy.push.states import explained, late, on_trial, parse_state, refusal, shown, stands
from sagui.wire.updates import AT_WORK, Phase, UpdateState

PI = Machine("aarch64", "64", "pi", 1 << 30, "3.13.5", "0.1.0")
BUNDLE = Piece(Path("toy-1.2.3.sagui"), "targets/toy/x.toy-1.2.3.sagui", 1000, "0" * 64)
PARCEL = Parcel("toy", "1.2.3", BUNDLE, (replace(BUNDLE, place="metadata/timestamp.json"),))
PHASES = st.sampled_from(get_args(Phase))


def state(phase: str, version: str | None = "1.2.3", model: str | None = "toy") -> UpdateState:
    return UpdateState(
        time="2026-01-02T03:04:05.000Z",
        model=model,
        installed_version=version,
        in_progress=phase in AT_WORK,
        phase=phase,  # type: ignore[arg-type]
    )


def test_a_device_says_what_it_is_between_the_lines_of_a_login() -> None:
    answer = "Welcome!\nsagui-look machine=aarch64\nsagui-look bits=64\nsagui-look user=pi\nsagui-look free_kib=2048\n"
    assert parse_look(answer + "sagui-look sagui=sagui, version 0.1.0\n") == Machine(
        "aarch64", "64", "pi", 2 << 20, None, "0.1.0"
    )


@given(st.text())
def test_an_answer_that_is_none_is_refused_and_never_more(text: str) -> None:
    with pytest.raises(PushError, match="no POSIX shell"):
        parse_look(text)


@pytest.mark.parametrize("machine", ["aarch64", "arm64", "x86_64", "amd64"])
def test_what_litert_has_a_wheel_for_passes(machine: str) -> None:
    require_machine(replace(PI, machine=machine))
    require_machine(replace(PI, bits=""))


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (replace(PI, machine="armv7l"), r"32-bit system \(armv7l\)"),
        (replace(PI, machine="armv6l"), r"32-bit system \(armv6l\)"),
        (replace(PI, bits="32"), "32-bit programs under a 64-bit kernel"),
        (replace(PI, machine="riscv64"), "a riscv64 processor"),
    ],
)
def test_what_litert_has_no_wheel_for_does_not(machine: Machine, words: str) -> None:
    with pytest.raises(PushError, match=words):
        require_machine(machine)


def test_room_python_and_sagui_are_required() -> None:
    require_room(replace(PI, free_bytes=None), 1 << 40)
    require_room(replace(PI, free_bytes=34 << 20), 1 << 20)
    with pytest.raises(PushError, match="33 MiB free, 34 MiB needed"):
        require_room(replace(PI, free_bytes=33 << 20), 1 << 20)
    with pytest.raises(PushError, match="no sagui at /x"):
        require_sagui(replace(PI, sagui=None), "/x")
    for python in ("3.9.2", None, "x.y"):
        with pytest.raises(PushError, match="flash Raspberry Pi OS Bookworm or newer"):
            require_python(replace(PI, python=python))
    require_python(replace(PI, python="3.11.2"))


@given(PHASES)
def test_only_a_model_at_rest_stands_and_only_one_on_trial_is_taken_back(phase: str) -> None:
    assert stands(state(phase), PARCEL) == (phase not in AT_WORK)
    assert on_trial(state(phase), PARCEL) == (phase == "activated")
    for other in (state(phase, "1.2.2"), state(phase, model="cats"), state(phase, None)):
        assert not stands(other, PARCEL)
        assert not on_trial(other, PARCEL)


@given(st.text(), st.integers(-15, 255))
def test_a_report_that_is_none_is_none(text: str, status: int) -> None:
    assert parse_state(Ran(status, text, "")) is None


def test_a_report_is_the_last_line() -> None:
    report = state("idle")
    assert parse_state(Ran(0, f"Welcome\n{msgspec.json.encode(report).decode()}\n", "")) == report
    assert parse_state(Ran(1, msgspec.json.encode(report).decode(), "")) is None
    assert shown(report) == "toy 1.2.3"
    assert shown(state("idle", model=None)) == "1.2.3"


def test_a_reason_is_one_line_that_cannot_steer_a_terminal() -> None:
    assert Ran(1, "", "warning\nError: no \x1b[2Jroot\n\n").reason == "no  [2Jroot"
    assert Ran(1, "said\n", "").reason == "said"
    assert Ran(7, "", "").reason == "exit status 7"
    assert len(printable("x" * 10_000)) == 500
    assert "sudo asks for a password" in explained(Ran(1, "", "sudo: a password is required"), "update")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_what_varies_never_becomes_part_of_a_script(word: str) -> None:
    command = commands.guarded(["printf", "%s", word])
    words = ["sh", "-c", shlex.join(command)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read().decode() == word


@pytest.mark.parametrize(
    ("user", "sudo", "agent", "root"),
    [
        ("pi", True, ["sudo", "-n", "-u", "sagui", "--"], ["sudo", "-n", "--"]),
        ("pi", False, [], ["sudo", "-n", "--"]),
        ("root", True, ["runuser", "-u", "sagui", "--", "env", "-u", "HOME"], []),
        ("sagui", True, [], ["sudo", "-n", "--"]),
    ],
)
def test_who_runs_what(user: str, sudo: bool, agent: list[str], root: list[str]) -> None:  # noqa: FBT001 (a case)
    device = Device(sudo=sudo)
    assert device.become(user) == agent
    assert device.become(user, root=True) == root


def test_an_update_is_asked_for_from_the_copied_registry() -> None:
    device = Device("/x/sagui", "/c.toml")
    asked = device.install("sagui", "/srv/f", PARCEL, 90.0)
    words = ["/x/sagui", "update", "install", "--registry", "file:///srv/f", "toy==1.2.3", "--wait", "--timeout", "90"]
    assert asked[-len(words) - 2 :] == [*words, "--config", "/c.toml"]


@pytest.mark.parametrize(
    ("runs", "refused"),
    [("1.0.0", False), ("1.2.3-rc.1", False), ("1.2.3", False), ("1.2.3+b", True), ("1.2.4", True), ("1.10.0", True)],
)
def test_only_a_newer_version_is_sent(runs: str, refused: bool) -> None:  # noqa: FBT001 (of the table)
    why = refusal(state("confirmed", runs), PARCEL)
    assert bool(why) is refused
    assert not refused or f"runs toy {runs}, and 1.2.3 is not newer" in why


def test_what_cannot_be_compared_is_left_to_the_device() -> None:
    for changes in ({"model": "dogs"}, {"model": None}, {"installed_version": None}, {"installed_version": "9.9.9-01"}):
        assert not refusal(msgspec.structs.replace(state("confirmed", "2.0.0"), **changes), PARCEL)


def test_who_is_late_is_asked_whether_it_runs_at_all() -> None:
    assert "does the agent run there?" in late(state("staged", "1.0.0"), PARCEL, 300)
    assert "goes on by itself" in late(state("shadow", "1.0.0"), PARCEL, 300)
    assert late(state("activated"), PARCEL, 300) == "not confirmed within 300 s, the phase is activated"
    assert late(None, PARCEL, 300).endswith("not to be told")
    assert late(state("idle", "1.0.0"), PARCEL, 300).endswith("the phase is idle")


def test_a_guarded_command_keeps_its_exit_status_and_ends_with_its_input() -> None:
    for status in (0, 3):
        command = commands.guarded(["sh", "-c", f"exit {status}"])
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            assert process.wait(20) == status
    with subprocess.Popen(commands.guarded(["sleep", "60"]), stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 143


def test_a_folder_is_gone_with_its_input(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    command = ["env", f"TMPDIR={place}", *commands.keep_folder(private=True)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().removeprefix(commands.FOLDER_MARK).strip())
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "-x y").write_text("")
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)
    assert list(place.iterdir()) == []
