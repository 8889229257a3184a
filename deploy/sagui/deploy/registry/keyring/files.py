"""Key files: ``ROLE-KEYID.pem``, PKCS #8 (RFC 5958), Ed25519 (RFC 8032), readable by their owner alone."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner

from sagui.deploy.registry.errors import KeysError
from sagui.deploy.registry.keyring.passphrase import Ask, ask_terminal, from_file

_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_NAME = re.compile(r"([a-z0-9-]+)-([0-9a-f]{12})\.pem")
_LONGEST_BYTES = 1 << 16
_MODE = 0o600


class Keyring:
    """The keys in some folders.

    Args:
        folders: Where keys are looked for; new ones are written to the first.
        passphrase: What new keys are encrypted with, and old ones tried with first.
        ask: Asked for the passphrase of a key that another one does not open.
    """

    def __init__(self, *folders: Path, passphrase: bytes | None = None, ask: Ask = ask_terminal) -> None:
        self.folders = folders
        self._passphrase = passphrase
        self._ask = ask

    def path(self, role: str, keyid: str) -> Path | None:
        """Finds the file of a key."""
        places = (folder / file_name(role, keyid) for folder in self.folders)
        return next((path for path in places if path.is_file()), None)

    def find(self, role: str, keyid: str) -> CryptoSigner | None:
        """Opens a key, if it is there.

        Raises:
            KeysError: It is no private key, another one than its name says, or its passphrase is wrong.
        """
        path = self.path(role, keyid)
        if path is None:
            return None
        signer = self._open(path)
        if signer.public_key.keyid != keyid:
            raise KeysError(f"{path}: holds another key than its name says; bring back the file that was made here")
        return signer

    def signers(self, role: str, keyids: Sequence[str], threshold: int) -> list[CryptoSigner]:
        """Opens as many of a role's keys as it needs.

        Raises:
            KeysError: There are too few, or one cannot be used.
        """
        opened: list[CryptoSigner] = []
        for keyid in keyids:
            if len(opened) < threshold and (signer := self.find(role, keyid)):
                opened.append(signer)
        if len(opened) < threshold:
            raise KeysError(f"{', '.join(map(str, self.folders))}: {_lack(role, keyids, threshold, len(opened))}")
        return opened

    def make(self, role: str) -> CryptoSigner:
        """Makes a key and writes it.

        Raises:
            KeysError: The file cannot be written, or is there.
        """
        private = Ed25519PrivateKey.generate()
        signer = CryptoSigner(private)
        lock: KeySerializationEncryption = NoEncryption()
        if self._passphrase:
            lock = BestAvailableEncryption(self._passphrase)
        content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        _write(self.folders[0] / file_name(role, signer.public_key.keyid), content)
        return signer

    def _open(self, path: Path) -> CryptoSigner:
        content = _read(path)
        if not content.startswith(_ENCRYPTED):
            return _decode(path, content, None)
        known = self._passphrase or from_file()
        if known and (signer := _try(path, content, known)):
            passphrase = known
        else:
            passphrase = self._typed(path, known)
            if not (signer := _try(path, content, passphrase)):
                raise KeysError(_shut(path))
        # A key that is made now is locked as those beside it are.
        self._passphrase = passphrase
        return signer

    def _typed(self, path: Path, known: bytes | None) -> bytes:
        try:
            return self._ask(path)
        except KeysError as error:
            if known:
                raise KeysError(_shut(path)) from error
            raise


class _WrongPassphraseError(Exception):
    pass


def file_name(role: str, keyid: str) -> str:
    """Names a key's file.

    >>> file_name("snapshot", "3b5a8f72c1d0" + "0" * 52)
    'snapshot-3b5a8f72c1d0.pem'
    """
    return f"{role}-{keyid[:12]}.pem"


def key_files(folder: Path) -> list[tuple[str, str, Path]]:
    """Lists a folder's keys: role, start of the key's id, and path."""
    found = ((path, _NAME.fullmatch(path.name)) for path in sorted(folder.glob("*.pem")))
    return [(match[1], match[2], path) for path, match in found if match]


def is_open_to_others(path: Path) -> bool:
    """Whether others than the owner may read a key; on a stick with FAT, always."""
    return bool(path.stat().st_mode & 0o077)


def _shut(path: Path) -> str:
    return f"{path}: the passphrase does not open it; give the one it was made with, or bring back the right key file"


def _try(path: Path, content: bytes, passphrase: bytes) -> CryptoSigner | None:
    try:
        return _decode(path, content, passphrase)
    except _WrongPassphraseError:
        return None


def _decode(path: Path, content: bytes, passphrase: bytes | None) -> CryptoSigner:
    try:
        private = load_pem_private_key(content, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if passphrase:
            raise _WrongPassphraseError from error
        raise KeysError(f"{path}: holds no private key in PEM; bring back the file that was made here") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeysError(f"{path}: is no Ed25519 key; bring back the file that was made here")
    return CryptoSigner(private)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_BYTES)
    except OSError as error:
        raise KeysError(f"{path}: cannot be read: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise KeysError(f"{path}: cannot be written: {error.strerror}; nothing was signed") from error


def _lack(role: str, keyids: Sequence[str], threshold: int, found: int) -> str:
    wanted = " or ".join(file_name(role, keyid) for keyid in keyids)
    if role == "root":
        count = f"{threshold} keys of root are" if threshold > 1 else "the key of root is"
        return f"{count} needed ({wanted}), {found} found; give --root-dir the folder that holds them"
    return (
        f"the key of {role} is needed ({wanted}), and not here; give --keys the folder that holds it, or make another "
        f"one with sagui keys rotate {role}"
    )
