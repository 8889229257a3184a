"""A machine that does not fit, a disk that is full, a line that is cut: `sagui push` says so and leaves nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.push.pushing import INTERRUPT_S, _in_background, options_for


def test_a_machine_that_litert_has_no_wheel_for_is_refused_before_anything_is_copied(
    push: Any, sshd: Any, standin: Any
) -> None:
    sshd.stand_in("uname", "#!/bin/sh\necho armv7l\n")
    result = push(sshd)
    assert "a 32-bit system (armv7l), and LiteRT has no wheel for it" in result.output
    assert not [line for line in standin.calls if line != "--version"]


def test_32_bit_programs_under_a_64_bit_kernel_are_refused(push: Any, sshd: Any, standin: Any) -> None:
    sshd.stand_in("uname", "#!/bin/sh\necho aarch64\n")
    sshd.stand_in("getconf", "#!/bin/sh\necho 32\n")
    assert "32-bit programs under a 64-bit kernel (aarch64)" in push(sshd).output


def test_a_device_without_sagui_is_refused_with_the_way_to_set_it_up(push: Any, sshd: Any, standin: Any) -> None:
    result = push(sshd, options=("--remote-sagui", "/nowhere/bin/sagui"))
    assert "no sagui at /nowhere/bin/sagui; set the device up with --install --wheel FILE" in result.output


def test_a_full_disk_is_seen_before_the_copy(push: Any, sshd: Any, standin: Any) -> None:
    sshd.stand_in("df", "#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity\necho /dev/x 9 9 2048 99% /\n")
    assert "2 MiB free, 33 MiB needed; make room on its disk" in push(sshd).output
    assert sshd.left() == []


def test_a_disk_that_fills_during_the_copy_is_said_and_cleaned(push: Any, sshd: Any, standin: Any) -> None:
    sshd.stand_in("cat", "#!/bin/sh\nexec /bin/cat >/dev/full\n")
    result = push(sshd)
    assert result.exit_code == 1
    assert "cannot be written" in result.output
    assert "No space left on device" in result.output
    assert sshd.left() == []


def test_a_copy_that_is_not_whole_is_refused(push: Any, sshd: Any, standin: Any) -> None:
    sshd.stand_in("cat", "#!/bin/sh\n/bin/cat | tr '\\000' '\\001'\n")
    result = push(sshd)
    assert result.exit_code == 1
    assert "copied, but not whole" in result.output
    assert sshd.left() == []


def test_a_copy_that_is_short_is_refused(push: Any, sshd: Any, standin: Any) -> None:
    sshd.stand_in("cat", "#!/bin/sh\nexec head -c 10\n")
    assert "10 of" in push(sshd).output
    assert sshd.left() == []


def test_a_connection_that_is_cut_in_the_middle_of_the_copy_leaves_nothing(
    push: Any, sshd: Any, standin: Any, eventually: Any
) -> None:
    cut = standin.folder / "cut"
    sshd.stand_in("cat", f'#!/bin/sh\nhead -c 100; touch "{cut}"; exec sleep 60\n')
    watching = _in_background(lambda: eventually(cut.exists) and sshd.cut())
    result = push(sshd)
    watching.join()
    assert result.exit_code == 1
    assert "the connection was cut" in result.output
    assert eventually(lambda: sshd.left() == [])
    assert not [line for line in standin.calls if line.startswith("update install")]


def test_what_runs_on_a_device_ends_with_the_connection(push: Any, sshd: Any, standin: Any, eventually: Any) -> None:
    running = standin.folder / "running"
    standin.on("install", f'echo $$ >"{running}.new"; mv "{running}.new" "{running}"; exec sleep 60')
    watching = _in_background(lambda: eventually(running.exists) and sshd.cut())
    result = push(sshd)
    watching.join()
    assert "the connection was cut" in result.output
    assert eventually(lambda: not _alive(int(running.read_text())))
    assert eventually(lambda: sshd.left() == [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_what_runs_there_and_cleans(
    sshd: Any,
    standin: Any,
    toy_bundle: Path,
    registry: Path,
    client_key: Path,
    tmp_path: Path,
    eventually: Any,
    number: signal.Signals,
) -> None:
    running = standin.folder / "running"
    standin.on("install", f'echo $$ >"{running}.new"; mv "{running}.new" "{running}"; exec sleep 60')
    words = options_for((sshd,), client_key, tmp_path, registry)
    # By its function, so that the test holds for the command and not for the table of commands.
    code = "from sagui.deploy.push.command import push; push()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, sshd.host, str(toy_bundle), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert eventually(running.exists, INTERRUPT_S)
    process.send_signal(number)
    out, err = process.communicate(timeout=INTERRUPT_S)
    assert process.returncode == 1
    assert "Aborted!" in err
    assert "interrupted" in out
    assert eventually(lambda: not _alive(int(running.read_text())))
    assert eventually(lambda: sshd.left() == [])


def test_a_login_that_prints_text_does_no_harm(push: Any, make_sshd: Any, make_standin: Any, tmp_path: Path) -> None:
    greeting = tmp_path / "greeting"
    greeting.write_text('#!/bin/sh\necho Welcome to porch\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    greeting.chmod(0o755)
    sshd = make_sshd(ForceCommand=str(greeting))
    standin = make_standin(sshd)
    standin.on("install", 'cp "$here/after" "$here/status"')
    result = push(sshd)
    # The lengths of files are asked too; a greeting would be taken for one.
    assert result.exit_code == 0, result.output


def test_the_agents_user_is_become_by_sudo(push: Any, sshd: Any, standin: Any) -> None:
    sshd.stand_in("id", "#!/bin/sh\necho pi\n")
    log = standin.folder / "sudo"
    sshd.stand_in(
        "sudo", f'#!/bin/sh\necho "$*" | head -n 1 >>"{log}"\nwhile [ "$1" != -- ]; do shift; done; shift\nexec "$@"\n'
    )
    result = push(sshd, options=("--sudo",))
    assert result.exit_code == 0, result.output
    lines = [line for line in log.read_text().splitlines() if line.startswith("-n")]
    assert lines
    assert all(line.startswith("-n -u sagui --") for line in lines)
    sshd.stand_in("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    standin.runs("1.0.0")
    assert "sudo asks for a password there" in push(sshd, options=("--sudo",)).output


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
    return "zombie" not in status
