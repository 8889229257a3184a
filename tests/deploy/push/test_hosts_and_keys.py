"""Whom `sagui push` trusts, and who trusts it."""

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from tests.deploy.push.pushing import PHRASE, _in_background

from sagui.deploy.push.errors import PushError
from sagui.deploy.push.login import read_identity


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
