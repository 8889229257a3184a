"""`sagui monitor` as a person and a script run it, against a real broker."""

import csv
import fcntl
import getpass
import io
import json
import os
import pty
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from tests.deploy.monitor.watching import AS_FOR_A_PERSON, MONITOR, Voice, Watching, crowd
from tests.deploy.watch.saying import NOON_S, health, result, state, telemetry, update

from sagui.deploy.monitor.record import KEYS

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


class Terminal:
    """`sagui monitor` in a terminal of 80 columns and 24 lines."""

    def __init__(self, *options: str, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self._theirs = theirs
        around = {**AS_FOR_A_PERSON, "TERM": "xterm-256color", **environment}
        self.process = subprocess.Popen(
            [*MONITOR, *options], stdin=theirs, stdout=theirs, stderr=theirs, env=around, start_new_session=True
        )
        self.shown = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self._ours)
        os.close(self._theirs)

    @property
    def after(self) -> list[Any]:
        return termios.tcgetattr(self._theirs)

    def until(self, condition: Callable[[bytes], bool], timeout_s: float = 30.0) -> None:
        end = time.monotonic() + timeout_s
        while not condition(self.shown):
            assert time.monotonic() < end, self.shown[-3000:]
            self.read(0.1)

    def read(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], timeout_s)
        if ready:
            self.shown += os.read(self._ours, 65_536)
        return bool(ready)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        while self.read(0.1):
            pass
        return self.process.wait(1)


@pytest.fixture
def voice(mosquitto: Any) -> Iterator[Voice]:
    found = Voice(mosquitto.port)
    yield found
    found.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_left_as_it_was_found(mosquitto: Any, voice: Voice, number: int) -> None:
    voice.say({"porch/availability": b"online", "porch/state": state(label="cat")})
    with Terminal("--broker", mosquitto.url) as terminal:
        terminal.until(lambda shown: b"porch" in shown and b"1 online" in shown)
        assert terminal.end(number) == 0
        shown = terminal.shown
        assert shown.index(ENTER) < shown.index(b"porch") < shown.rindex(LEAVE)
        assert shown.rindex(SHOW) > shown.rindex(HIDE)
        assert (shown.count(ENTER), shown.count(LEAVE)) == (1, 1)
        assert b"Traceback" not in shown
        assert b"Aborted" not in shown
        assert terminal.after == terminal.before


def test_the_terminal_is_left_so_too_when_the_broker_does_not_want_us(
    stopped_mosquitto: Any, program: Callable[[str], str], tmp_path: Path
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run([program("mosquitto_passwd"), "-b", "-c", str(passwords), "ana", "right"], check=True)
    own = f"listener {stopped_mosquitto.port} 127.0.0.1\nallow_anonymous false\n"
    (tmp_path / "mosquitto.conf").write_text(f"{own}password_file {passwords}\nuser {getpass.getuser()}\n")
    stopped_mosquitto.start()
    with Terminal("--broker", stopped_mosquitto.url) as terminal:
        assert terminal.end(0) == 1
        shown = terminal.shown
        assert max(shown.rindex(LEAVE), shown.rindex(SHOW), shown.rindex(HIDE)) == shown.rindex(LEAVE)
        assert b"Error: mqtt://127.0.0.1" in shown[shown.rindex(LEAVE) :]
        assert b"refuses the connection: Not authorized" in shown[shown.rindex(LEAVE) :]
        assert terminal.after == terminal.before


def test_no_letter_of_a_hostile_device_reaches_the_terminal(mosquitto: Any, voice: Voice) -> None:
    bad = "\x1b]0;owned\x07\x1b[5n\u202eevil"
    voice.say({"evil/availability": b"online", "evil/state": state(label=bad), "evil/health": health(problem=bad)})
    voice.say({"huge/telemetry": b"x" * 10_000_000})
    with Terminal("--broker", mosquitto.url) as terminal:
        terminal.until(lambda shown: b"10,000,000 bytes" in shown)
        assert terminal.end(signal.SIGINT) == 0
        assert b"\x07" not in terminal.shown
        assert b"\x1b]" not in terminal.shown
        assert b"\x1b[5n" not in terminal.shown
        assert "\u202e".encode() not in terminal.shown


def test_without_colour_the_table_has_none(mosquitto: Any, voice: Voice) -> None:
    voice.say({"porch/availability": b"offline"})
    with Terminal("--broker", mosquitto.url, NO_COLOR="1") as terminal:
        terminal.until(lambda shown: b"1 offline" in shown)
        assert terminal.end(signal.SIGINT) == 0
        assert b"\x1b[31m" not in terminal.shown


def test_a_broker_that_goes_and_comes_is_told_below_the_table(mosquitto: Any, voice: Voice) -> None:
    voice.say({"porch/availability": b"online"})
    with Terminal("--broker", mosquitto.url) as terminal:
        terminal.until(lambda shown: b"1 online" in shown)
        mosquitto.stop()
        terminal.until(lambda shown: b"trying again" in shown)
        at = len(terminal.shown)
        mosquitto.start()
        terminal.until(lambda shown: b"is away" not in shown[-1500:] and b"1 online" in shown[at:])
        assert terminal.end(signal.SIGINT) == 0


def test_json_is_an_object_a_line_as_it_happens(mosquitto: Any, voice: Voice) -> None:
    voice.say({"porch/availability": b"online", "porch/state": state(label="cat")})
    with Watching(mosquitto.url, "--json") as watching:
        watching.until(lambda line: '"label": "cat"' in line)
        voice.say({"porch/result": result(NOON_S + 1, "cat", 0.97)}, retain=False)
        found = json.loads(watching.until(lambda line: '"score": 0.97' in line))
        assert (found["device"], found["status"]) == ("porch", "online")
        assert watching.end() == 0
        assert all(tuple(json.loads(line)) == KEYS for line in watching.lines)
        assert watching.aside == [f"connecting to {mosquitto.url}\n", f"connected to {mosquitto.url}\n"]


def test_csv_has_a_header_before_anything_happens(stopped_mosquitto: Any) -> None:
    with Watching(stopped_mosquitto.url, "--csv", "--mqtt", "3.1.1") as watching:
        assert watching.until(lambda line: line.startswith("time,")) == ",".join(KEYS) + "\n"
        watching.until(lambda line: "is away: Connection refused; trying again" in line)
        stopped_mosquitto.start()
        voice = Voice(stopped_mosquitto.port)
        voice.say({"porch/telemetry": telemetry(temperature_c=71.5), "porch/update/state": update()})
        watching.until(lambda line: "71.5" in line)
        voice.close()
        assert watching.end(signal.SIGTERM) == 0
        rows = list(csv.DictReader(io.StringIO("".join(watching.lines))))
        assert {row["device"] for row in rows} == {"porch"}


def test_where_there_is_no_terminal_lines_are_plain(mosquitto: Any, voice: Voice) -> None:
    with Watching(mosquitto.url, FORCE_COLOR="1") as watching:
        watching.until(lambda line: line.startswith("connected"))
        voice.say({"porch/availability": b"online"})
        watching.until(lambda line: line.endswith(" porch: online\n"))
        voice.say({"porch/availability": b"offline"})
        watching.until(lambda line: line.endswith(" porch: offline\n"))
        assert watching.end() == 0
        assert "\x1b" not in "".join(watching.lines)


def test_a_reader_that_goes_away_is_no_fault(mosquitto: Any, voice: Voice) -> None:
    voice.say(crowd(20))
    command = shlex.join([*MONITOR, "--broker", mosquitto.url, "--json"])
    shell = f"set -o pipefail; {command} | head -n 1"
    process = subprocess.Popen(
        ["bash", "-c", shell], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=AS_FOR_A_PERSON
    )
    # `head` has its line; the next one finds nobody.
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        voice.say({"cam-0/result": result(NOON_S + 1, "cat", time.monotonic() % 1)}, retain=False)
    _, aside = process.communicate(timeout=10)
    assert process.returncode == 0, aside
    assert "Traceback" not in aside
    assert "Error" not in aside


def test_a_reader_that_stands_still_does_not_keep_it_from_ending(mosquitto: Any, voice: Voice) -> None:
    voice.say(crowd(500))
    process = subprocess.Popen(
        [*MONITOR, "--broker", mosquitto.url, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=AS_FOR_A_PERSON,
    )
    assert process.stdout is not None
    assert process.stdout.read(1) == b"{"
    time.sleep(1)  # the pipe is full by then: 500 devices are more than 64 KiB
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stdout.close()


def test_what_nobody_takes_is_not_written_at_the_end() -> None:
    code = "import sys; from sagui.deploy.monitor import command; sys.stdout.write('left'); command._let_go_of_output()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False, env=AS_FOR_A_PERSON
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_the_devices_and_the_group_that_were_asked_for(mosquitto: Any, voice: Voice) -> None:
    voice.say({f"cam-{number}/update/state": update(groups=("a" if number < 3 else "b",)) for number in range(6)})
    options = ("--json", "--device", "cam-1", "--device", "cam-2", "--device", "cam-5", "--group", "a")
    with Watching(mosquitto.url, *options) as watching:
        for device in ("cam-1", "cam-2"):
            watching.until(lambda line, device=device: f'"{device}"' in line)  # type: ignore[misc]
        voice.say({"cam-1/availability": b"offline"})
        watching.until(lambda line: "offline" in line)
        assert watching.end() == 0
        assert {json.loads(line)["device"] for line in watching.lines} == {"cam-1", "cam-2"}


def test_500_devices_and_a_flood_are_followed(mosquitto: Any, voice: Voice) -> None:
    voice.say(crowd(500))
    with Terminal("--broker", mosquitto.url) as terminal:
        terminal.until(lambda shown: b"500 online" in shown and b"more" in shown)
        for _ in range(3):
            voice.say({f"evil/state/{number}": result() for number in range(1000)}, retain=False)
            voice.say({"flood/result": b"<script>"}, retain=False)
        voice.say({"cam-499/health": health(problem="the lens is dirty")})
        terminal.until(lambda shown: b"the lens is dirty" in shown and b"evil: a flood" in shown)
        assert terminal.end(signal.SIGINT) == 0


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--broker", "mqtt://127.0.0.1:1", "--json", "--csv"),
        ("--broker", "mqtt://127.0.0.1:1", "--device", "Porch/#"),
        ("--broker", "mqtt://127.0.0.1:1", "--group", "+"),
        ("--broker", "mqtt://127.0.0.1:1", "--sort", "colour"),
    ],
)
def test_wrong_use_is_status_2(options: tuple[str, ...]) -> None:
    done = subprocess.run([*MONITOR, *options], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("url", ["mqtt://ana:secret@127.0.0.1", "http://127.0.0.1", "mqtt://"])
def test_what_is_no_address_is_told_in_a_line(url: str) -> None:
    done = subprocess.run([*MONITOR, "--broker", url], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr
