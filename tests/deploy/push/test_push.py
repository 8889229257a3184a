"""`sagui push` to a real OpenSSH server; behind it a stand-in for sagui, which the device's own tests are about."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from click.testing import CliRunner, Result

from sagui.bundle import write_bundle
from sagui.deploy.push import deliver as story
from sagui.deploy.push.command import push as command
from sagui.deploy.push.errors import PushError
from sagui.deploy.push.login import read_identity
from sagui.deploy.push.signed import signed_parcel
from sagui.deploy.registry.create import create
from sagui.deploy.registry.publish import publish
from sagui.registry import bundle_path

INTERRUPT_S = 60
PHRASE = "by the river"


@pytest.fixture
def push(toy_bundle: Path, registry: Path, client_key: Path, tmp_path: Path) -> Callable[..., Result]:
    """Pushes to servers whose keys are known."""

    def run(*servers: Any, options: tuple[Any, ...] = (), bundle: Path = toy_bundle, signed: bool = True) -> Result:
        words = options_for(servers, client_key, tmp_path, registry if signed else None)
        return CliRunner().invoke(command, [*(one.host for one in servers), str(bundle), *words, *map(str, options)])

    return run


def options_for(servers: Any, client_key: Path, tmp_path: Path, registry: Path | None) -> list[str]:
    known = tmp_path / "known_hosts"
    known.write_text("".join(server.known for server in servers))
    programs = {str(one.folder / "sagui" / "sagui") for one in servers}
    trust = ["--registry", str(registry)] if registry else ["--unsigned"]
    words = ["--identity", str(client_key), "--known-hosts", str(known), "--no-sudo", *trust]
    return [*words, "--remote-sagui", min(programs)]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "_LOOK_EVERY_S", 0.05)


def test_a_device_proves_the_model_takes_it_and_keeps_nothing_of_the_copy(
    push: Any, sshd: Any, standin: Any, toy_bundle: Path, registry: Path
) -> None:
    standin.on(
        "install",
        'folder=${4#file://}; find "$folder" -type f | sed "s|$folder/||" >"$here/arrived"\n'
        'sha256sum "$folder"/targets/toy/*.sagui >"$here/sum"; cp "$here/after" "$here/status"',
    )
    result = push(sshd)
    assert result.exit_code == 0, result.output
    assert "toy 1.2.3 confirmed, before it toy 1.0.0" in result.output
    digest = hashlib.sha256(toy_bundle.read_bytes()).hexdigest()
    assert (standin.folder / "sum").read_text().split()[0] == digest
    arrived = (standin.folder / "arrived").read_text().splitlines()
    assert sorted(arrived) == sorted(piece.place for piece in signed_parcel(toy_bundle, registry).pieces)
    proven = next(line for line in standin.calls if line.startswith("selftest"))
    assert proven.endswith(f"/targets/toy/{digest}.toy-1.2.3.sagui")
    asked = next(line for line in standin.calls if line.startswith("update install"))
    assert asked.startswith("update install --registry file:///")
    assert asked.endswith(" toy==1.2.3 --wait --timeout 360 --config /etc/sagui/agent.toml")
    assert standin.calls.index(proven) < standin.calls.index(asked)
    assert sshd.left() == []


def test_only_what_vouches_for_the_bundle_is_copied(
    toy_bundle: Path, tmp_path: Path, make_manifest: Any, bundle_entries: Any
) -> None:
    now, folder, keys = datetime.now(UTC), tmp_path / "registry", tmp_path / "keys"
    create(folder, keys, now=now)
    for name, version in (("cats", "1.0.0"), ("toy", "1.2.2")):
        publish(
            write_bundle(tmp_path, make_manifest(name=name, version=version), bundle_entries), folder, keys, now=now
        )
    publish(toy_bundle, folder, keys, now=now)
    parcel = signed_parcel(toy_bundle, folder)
    names = sorted(path.partition(".")[2] for path in (piece.place.rpartition("/")[2] for piece in parcel.pieces))
    assert names == sorted(
        ["root.json", "json", "snapshot.json", "targets.json", "toy.json", "index.json", "toy-1.2.3.sagui"]
    )
    assert parcel.bundle.place.endswith("toy-1.2.3.sagui")
    assert bundle_path("toy", "1.2.3").rpartition("/")[2] in parcel.bundle.place


def test_a_device_that_runs_the_model_already_is_left_alone(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.2.3")
    result = push(sshd)
    assert result.exit_code == 0
    assert "runs toy 1.2.3 already" in result.output
    assert not [line for line in standin.calls if "install" in line or "selftest" in line]


@pytest.mark.parametrize("signed", [True, False])
def test_a_version_that_is_not_newer_is_refused_before_anything_is_copied(
    push: Any,
    sshd: Any,
    standin: Any,
    signed: bool,  # noqa: FBT001 (of the test's table)
) -> None:
    standin.runs("1.10.0")
    result = push(sshd, signed=signed)
    assert result.exit_code == 1
    assert "runs toy 1.10.0, and 1.2.3 is not newer; nothing was copied" in result.output
    assert "copying" not in result.output
    assert not [line for line in standin.calls if "install" in line or "selftest" in line]


def test_a_model_that_was_forgotten_is_asked_for(registry: Path, tmp_path: Path) -> None:
    words = ["devshed", "--registry", str(registry)]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2
    assert "MODEL.sagui is missing: the last word, 'devshed', is no file" in result.output
    result = CliRunner().invoke(command, ["devshed", str(tmp_path / "pets-1.4.0.sagui")])
    assert result.exit_code == 2
    assert "there is no file" in result.output


def test_a_bundle_that_is_not_proven_there_is_not_installed(push: Any, sshd: Any, standin: Any) -> None:
    standin.on("selftest", 'echo "Error: golden frame 2 differs by 3 steps" >&2; exit 1')
    result = push(sshd)
    assert result.exit_code == 1
    assert "selftest: golden frame 2 differs by 3 steps" in result.output
    assert not [line for line in standin.calls if line.startswith("update install")]
    assert sshd.left() == []


def test_a_model_that_does_not_become_healthy_in_time_is_taken_back(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.2.3", "activated", file="after")
    standin.on("install", 'cp "$here/after" "$here/status"; exec sleep 60')
    result = push(sshd, options=("--wait", "2s"))
    assert result.exit_code == 1
    assert "not confirmed within 2 s, the phase is activated; taken back: it runs toy 1.0.0" in result.output
    assert f"{sshd.host}: activated\n" in result.output
    assert standin.calls[-2].startswith("update revert")
    assert sshd.left() == []


def test_a_wait_that_fails_after_activation_is_taken_back(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.2.3", "activated", file="after")
    standin.on("install", 'cp "$here/after" "$here/status"; echo "Error: the agent does not answer" >&2; exit 1')
    result = push(sshd)
    assert "update: the agent does not answer; taken back: it runs toy 1.0.0" in result.output
    assert result.exit_code == 1


def test_a_model_that_the_device_took_back_itself_is_not_taken_back_again(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.0.0", "reverted", file="after", error="the camera gave no frames")
    standin.on("install", 'cp "$here/after" "$here/status"; echo "Error: reverted: no frames" >&2; exit 1')
    result = push(sshd)
    assert "update: reverted: no frames" in result.output
    assert not [line for line in standin.calls if line.startswith("update revert")]


def test_a_model_that_is_still_being_tried_beside_the_old_one_is_not_taken_back(
    push: Any, sshd: Any, standin: Any
) -> None:
    standin.runs("1.0.0", "shadow", file="after")
    standin.on("install", 'cp "$here/after" "$here/status"; exec sleep 60')
    result = push(sshd, options=("--wait", "1s"))
    assert "the phase is shadow; it goes on by itself, ask it later: sagui update status" in result.output
    assert not [line for line in standin.calls if line.startswith("update revert")]


def test_success_is_what_the_device_says_not_an_exit_status(push: Any, sshd: Any, standin: Any) -> None:
    standin.on("install", "exit 0")
    result = push(sshd)
    assert result.exit_code == 1
    assert "the update ended well, but the device runs toy 1.0.0" in result.output


def test_a_refusal_of_the_device_is_said_as_it_stands(push: Any, sshd: Any, standin: Any) -> None:
    standin.on("install", 'echo "Error: /etc/sagui/root.json does not sign\033[31m this" >&2; exit 1')
    result = push(sshd)
    assert "update: /etc/sagui/root.json does not sign [31m this" in result.output
    assert "\033[31m this" not in result.output


def test_without_signatures_the_device_decides(push: Any, sshd: Any, standin: Any) -> None:
    assert push(sshd, signed=False).exit_code == 0
    asked = next(line for line in standin.calls if line.startswith("update install"))
    assert asked.startswith("update install --unsigned /")
    assert "/toy-1.2.3.sagui --wait" in asked
    standin.on("install", 'echo "Error: this device trusts a root; leave out --unsigned" >&2; exit 1')
    standin.runs("1.2.3")  # an unsigned bundle of the same name may be another one
    assert "leave out --unsigned" in push(sshd, signed=False).output


def test_a_device_that_fails_stops_no_other(push: Any, make_sshd: Any, make_standin: Any) -> None:
    good, bad = make_sshd(), make_sshd()
    make_standin(good)
    bad.stop()
    result = push(bad, good)
    assert result.exit_code == 1
    assert f"{bad.host}: cannot be reached: Connection refused; is it switched on" in result.output
    assert f"{good.host}: toy 1.2.3 confirmed" in result.output


def test_an_unknown_host_is_refused_with_what_accepts_it(push: Any, sshd: Any, standin: Any, tmp_path: Path) -> None:
    fingerprint = asyncssh.read_public_key(sshd.folder / "host.pub").get_fingerprint()
    (tmp_path / "none").write_text("")
    result = push(sshd, options=("--known-hosts", tmp_path / "none"))
    assert result.exit_code == 1
    assert f"its host key is not known: ssh-ed25519 {fingerprint}" in result.output
    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1 >> {tmp_path / 'none'}" in result.output
    assert standin.calls == []
    assert (tmp_path / "none").read_text() == ""


def test_an_unknown_host_may_be_trusted_at_first_sight_and_is_remembered(
    push: Any, sshd: Any, standin: Any, tmp_path: Path
) -> None:
    known = tmp_path / "ssh" / "known_hosts"
    assert push(sshd, options=("--known-hosts", known, "--accept-new")).exit_code == 0
    assert known.read_text().split()[:3] == sshd.known.split()[:3]
    assert push(sshd, options=("--known-hosts", known)).exit_code == 0
    assert known.read_text().count("\n") == 1


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_a_changed_host_key_is_always_refused(
    push: Any, make_sshd: Any, make_standin: Any, tmp_path: Path, eventually: Any, kind: str
) -> None:
    sshd = make_sshd()
    standin = make_standin(sshd)
    (tmp_path / "before").write_text(before := sshd.known)
    known = asyncssh.read_public_key(sshd.folder / "host.pub").get_fingerprint()
    sshd.stop()
    shown = sshd.new_host_key(kind)
    sshd.start()
    assert eventually(sshd.answers)
    result = push(sshd, options=("--known-hosts", tmp_path / "before", "--accept-new"))
    assert result.exit_code == 1
    assert f"its host key CHANGED: known is ssh-ed25519 {known}, it shows {kind} {shown}" in result.output
    assert f"ssh-keygen -R '[127.0.0.1]:{sshd.port}' -f {tmp_path / 'before'}" in result.output
    assert standin.calls == []
    assert (tmp_path / "before").read_text() == before


def test_a_key_that_is_not_accepted_is_said_with_the_way_to_give_one(
    push: Any, sshd: Any, standin: Any, tmp_path: Path
) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "other")
    result = push(sshd, options=("--identity", tmp_path / "other"))
    assert (
        f"does not let us in: no key of ours is accepted there. Give it one: ssh-copy-id {sshd.host}" in result.output
    )


def test_a_key_with_a_passphrase_is_refused_where_nobody_can_be_asked(push: Any, sshd: Any, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "id", "pkcs8-pem", passphrase=PHRASE)
    result = push(sshd, options=("--identity", tmp_path / "id"))
    assert result.exit_code == 1
    assert "load the key into an SSH agent" in str(result.exception)


def test_a_passphrase_is_asked_for(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "id", "pkcs8-pem", passphrase=PHRASE)
    asked: list[str] = []
    read = read_identity(tmp_path / "id", lambda question: asked.append(question) or PHRASE)  # type: ignore[func-returns-value]
    assert read.get_fingerprint() == key.get_fingerprint()
    assert asked == [f"Passphrase of {tmp_path / 'id'}"]
    with pytest.raises(PushError, match="cannot be opened"):
        read_identity(tmp_path / "id", lambda _: "another")


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("no key")
    with pytest.raises(PushError, match="is no private key"):
        read_identity(tmp_path / "id", lambda _: PHRASE)


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


def test_the_same_device_twice_is_refused(push: Any, sshd: Any, standin: Any) -> None:
    result = push(sshd, sshd)
    assert result.exit_code == 1
    assert "name each device once" in str(result.exception)
    assert standin.calls == []


def test_devices_may_stand_in_a_file(
    sshd: Any, standin: Any, tmp_path: Path, toy_bundle: Path, registry: Path, client_key: Path
) -> None:
    hosts = tmp_path / "hosts"
    words = [str(toy_bundle), *options_for((sshd,), client_key, tmp_path, registry), "--hosts", str(hosts)]
    hosts.write_text(f"# the porch\n\n{sshd.host}  # by the door\n")
    assert CliRunner().invoke(command, words).exit_code == 0
    assert "name each device once" in str(CliRunner().invoke(command, [sshd.host, *words]).exception)
    hosts.write_text("# nobody\n")
    assert "names no device" in str(CliRunner().invoke(command, words).exception)


@pytest.mark.parametrize("wait", ["0", "5x", "-1", "1.5m", "", "9999999"])
def test_a_wait_is_a_length_of_time(toy_bundle: Path, registry: Path, wait: str) -> None:
    words = ["pi@porch", str(toy_bundle), "--registry", str(registry), f"--wait={wait}"]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2
    assert "write 90s, 5m or 1h" in result.output


def test_a_registry_is_asked_for(toy_bundle: Path) -> None:
    result = CliRunner().invoke(command, ["pi@porch", str(toy_bundle)])
    assert result.exit_code == 2
    assert "--registry DIR" in result.output
    assert "--unsigned" in result.output


def test_a_bundle_that_was_not_published_is_refused_with_the_command_that_does(
    push: Any, sshd: Any, standin: Any, tmp_path: Path, make_manifest: Any, bundle_entries: Any, registry: Path
) -> None:
    newer = write_bundle(tmp_path, make_manifest(version="1.3.0"), bundle_entries)
    result = push(sshd, bundle=newer)
    assert f"publish it first: sagui publish {newer} --registry {registry}" in str(result.exception)
    other = write_bundle(tmp_path, make_manifest(created="2026-01-02T03:04:06Z"), bundle_entries)
    assert "has another bundle as toy 1.2.3" in str(push(sshd, bundle=other).exception)
    assert standin.calls == []


def test_what_is_no_bundle_is_refused(push: Any, sshd: Any, standin: Any, tmp_path: Path) -> None:
    (tmp_path / "x.sagui").write_bytes(b"PK no")
    assert "x.sagui" in str(push(sshd, bundle=tmp_path / "x.sagui").exception)
    assert standin.calls == []


def test_a_host_that_does_not_speak_ssh_is_said(push: Any, sshd: Any) -> None:
    sshd.stop()
    with _listening(sshd.port) as server:
        talking = _in_background(lambda: server.accept()[0].sendall(b"220 mail\r\n" * 10_000))
        result = push(sshd)
        talking.join()
    assert "cannot be reached" in result.output


def _listening(port: int, tries: int = 100) -> socket.socket:
    """Takes a port over; who had it before may need a moment to be gone."""
    for _ in range(tries):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
        time.sleep(0.1)
    return socket.create_server(("127.0.0.1", port))


def _in_background(work: Callable[[], object]) -> Any:
    import threading

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()
