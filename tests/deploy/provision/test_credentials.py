"""What the agent shows to the broker."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from tests.deploy.provision.certificates import make_pair

from sagui.deploy.provision.credentials import common_name, read_credentials
from sagui.deploy.provision.errors import ProvisionError


def test_a_pair_of_one_device(tmp_path: Path) -> None:
    certificate, key = make_pair(tmp_path, "porch")
    read = read_credentials(ca=certificate, certificate=certificate, key=key)
    assert read.key == key.read_bytes()
    assert common_name(certificate.read_bytes()) == "porch"


def test_the_key_of_another_device(tmp_path: Path) -> None:
    certificate, _ = make_pair(tmp_path, "porch")
    _, key = make_pair(tmp_path, "gate")
    with pytest.raises(ProvisionError, match=r"gate\.key: not the key of .*porch\.crt"):
        read_credentials(certificate=certificate, key=key)


def test_a_key_that_is_locked(tmp_path: Path) -> None:
    certificate, key = make_pair(tmp_path, "porch", BestAvailableEncryption(b"secret"))
    with pytest.raises(ProvisionError, match="locked by a password"):
        read_credentials(certificate=certificate, key=key)


def test_files_in_each_others_place(tmp_path: Path) -> None:
    certificate, key = make_pair(tmp_path, "porch")
    with pytest.raises(ProvisionError, match="a private key is in it"):
        read_credentials(ca=key)
    with pytest.raises(ProvisionError, match=r"porch\.crt: no private key"):
        read_credentials(certificate=certificate, key=certificate)
    with pytest.raises(ProvisionError, match="a private key is in it"):
        read_credentials(certificate=key, key=key)


def test_what_goes_together(tmp_path: Path) -> None:
    certificate, key = make_pair(tmp_path, "porch")
    for half in ({"certificate": certificate}, {"key": key}):
        with pytest.raises(ProvisionError, match="go together"):
            read_credentials(**half)
    with pytest.raises(ProvisionError, match="--mqtt-user-file"):
        read_credentials(password=key)


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"nul\0", b"x" * 5000])
def test_what_is_no_password(tmp_path: Path, content: bytes) -> None:
    user, password = tmp_path / "user", tmp_path / "password"
    user.write_text("porch")
    password.write_bytes(content)
    with pytest.raises(ProvisionError, match="password"):
        read_credentials(user=user, password=password)


def test_a_password_and_its_newline(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b" spaces count \r\n")
    assert read_credentials(user=path, password=path).password == b" spaces count \n"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="cannot be read"):
        read_credentials(ca=tmp_path / "none")
