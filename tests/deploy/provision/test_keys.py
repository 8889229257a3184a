"""SSH keys."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.keys import public_keys


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_what_ssh_keygen_makes(program: Callable[[str], str], tmp_path: Path, kind: str) -> None:
    path = tmp_path / "id"
    subprocess.run([program("ssh-keygen"), "-q", "-t", kind, "-N", "", "-f", path], check=True)
    public = path.with_suffix(".pub").read_text()
    assert public_keys(public, "id.pub") == (public.strip(),)
    with pytest.raises(ProvisionError, match=r"a private key.*id\.pub"):
        public_keys(path.read_text(), "id")


def test_several_keys_and_comments(public_key: Callable[..., str]) -> None:
    one, two = public_key(), public_key("sk-ssh-ed25519@openssh.com")
    assert public_keys(f"# mine\n{one}\n\n  {two}\r\n", "keys") == (one, two)


def test_a_private_key_among_public_ones(public_key: Callable[..., str]) -> None:
    with pytest.raises(ProvisionError, match="a private key"):
        public_keys(public_key() + "\n-----BEGIN OPENSSH PRIVATE KEY-----\n", "keys")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n# nothing\n",
        "hello",
        "ssh-ed25519",
        "ssh-ed25519 !!!",
        "ssh-ed25519 AAAA",
        "ssh-dss AAAAB3NzaC1kc3M=",
        "\0",
    ],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ProvisionError, match="keys"):
        public_keys(text, "keys")


def test_a_key_that_was_cut(public_key: Callable[..., str]) -> None:
    kind, body, _ = public_key().split()
    with pytest.raises(ProvisionError, match="damaged"):
        public_keys(f"{kind} {body[:20]}", "keys")
    with pytest.raises(ProvisionError, match="damaged"):
        public_keys(f"ssh-rsa {body}", "keys")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        keys = public_keys(text, "keys")
    except ProvisionError:
        return
    assert all("\n" not in key and key.isprintable() for key in keys)
