import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sagui.deploy.registry.errors import KeysError
from sagui.deploy.registry.keyring.files import Keyring, file_name, is_open_to_others, key_files
from sagui.deploy.registry.keyring.passphrase import VARIABLE, ask_terminal, choose, from_file

SECRET = b"correct horse"


def refuse(key: Path) -> bytes:
    pytest.fail(f"asked for the passphrase of {key}")


def test_a_key_is_found_again_by_what_it_is_called(tmp_path: Path) -> None:
    made = Keyring(tmp_path / "new" / "keys", ask=refuse).make("snapshot")
    found = Keyring(tmp_path, tmp_path / "new" / "keys", ask=refuse).find("snapshot", made.public_key.keyid)
    assert found
    found.public_key.verify_signature(made.sign(b"x"), b"x")


def test_a_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    path = keyring.path("snapshot", keyring.make("snapshot").public_key.keyid)
    assert path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not is_open_to_others(path)
    path.chmod(0o644)
    assert is_open_to_others(path)


def test_a_passphrase_locks_a_key(tmp_path: Path) -> None:
    keyid = Keyring(tmp_path, passphrase=SECRET).make("snapshot").public_key.keyid
    content = (tmp_path / file_name("snapshot", keyid)).read_bytes()
    assert content.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert SECRET not in content
    assert Keyring(tmp_path, ask=lambda _: SECRET).find("snapshot", keyid)
    with pytest.raises(KeysError, match="the passphrase does not open it"):
        Keyring(tmp_path, ask=lambda _: b"wrong").find("snapshot", keyid)


def test_a_key_made_beside_locked_ones_is_locked_as_they_are(tmp_path: Path) -> None:
    keyid = Keyring(tmp_path, passphrase=SECRET).make("snapshot").public_key.keyid
    opened = Keyring(tmp_path, ask=lambda _: SECRET)
    opened.find("snapshot", keyid)
    pets = opened.make("pets").public_key.keyid
    assert Keyring(tmp_path, passphrase=SECRET, ask=refuse).find("pets", pets)
    assert b"ENCRYPTED" in (tmp_path / file_name("pets", pets)).read_bytes()


def test_the_passphrase_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyid = Keyring(tmp_path, passphrase=SECRET).make("snapshot").public_key.keyid
    file = tmp_path / "secret"
    file.write_bytes(SECRET + b"\r\n")
    monkeypatch.setenv(VARIABLE, str(file))
    assert choose() == SECRET
    assert Keyring(tmp_path, ask=refuse).find("snapshot", keyid)


@pytest.mark.parametrize("content", [None, b"", b"\n"])
def test_a_passphrase_file_without_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(VARIABLE, str(file))
    with pytest.raises(KeysError, match=f"secret: .*{VARIABLE} names it"):
        from_file()


def test_without_a_terminal_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(KeysError, match=f"no terminal .*{VARIABLE}"):
        ask_terminal(tmp_path / "a.pem")
    with pytest.raises(KeysError, match=f"no terminal .*{VARIABLE}"):
        choose()


def test_a_wrong_passphrase_in_a_file_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyid = Keyring(tmp_path, passphrase=SECRET).make("snapshot").public_key.keyid
    (tmp_path / "secret").write_bytes(b"wrong")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "secret"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(KeysError, match="the passphrase does not open it"):
        Keyring(tmp_path).find("snapshot", keyid)


def test_a_key_under_another_name_is_refused(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path)
    one, other = (keyring.make("snapshot").public_key.keyid for _ in range(2))
    (tmp_path / file_name("snapshot", one)).replace(tmp_path / file_name("snapshot", other))
    with pytest.raises(KeysError, match="holds another key than its name says"):
        keyring.find("snapshot", other)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\x00" * 100]
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / file_name("snapshot", "0" * 64)).write_bytes(content)
    with pytest.raises(KeysError, match="holds no private key in PEM"):
        Keyring(tmp_path).find("snapshot", "0" * 64)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / file_name("snapshot", "0" * 64)).write_bytes(content)
    with pytest.raises(KeysError, match="is no Ed25519 key"):
        Keyring(tmp_path).find("snapshot", "0" * 64)


def test_too_few_keys_are_counted(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path)
    keyids = [keyring.make("root").public_key.keyid for _ in range(2)]
    (tmp_path / file_name("root", keyids[0])).unlink()
    assert len(keyring.signers("root", keyids, 1)) == 1
    with pytest.raises(KeysError, match=r"2 keys of root are needed .* 1 found; give --root-dir"):
        keyring.signers("root", keyids, 2)


def test_keys_are_listed_by_their_names(tmp_path: Path) -> None:
    keyids = {role: Keyring(tmp_path).make(role).public_key.keyid[:12] for role in ("timestamp", "solar-cells-2")}
    (tmp_path / "notes.pem").write_text("not ours")
    assert {(role, keyid) for role, keyid, _ in key_files(tmp_path)} == set(keyids.items())
