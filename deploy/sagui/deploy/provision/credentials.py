"""Reads what the agent shows to the broker, and sees that it fits together before a card is written."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import Credentials

_LONGEST_BYTES = 65_536
_LONGEST_SECRET_BYTES = 4096


def read_credentials(
    *,
    ca: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    user: Path | None = None,
    password: Path | None = None,
) -> Credentials:
    """Reads the files that are named.

    Raises:
        ProvisionError: One cannot be read, or is something else; or a key does not belong to its certificate.
    """
    if (key is None) != (certificate is None):
        raise ProvisionError("--certificate and --key go together: name both, as sagui broker init made them")
    if password is not None and user is None:
        raise ProvisionError("--mqtt-password-file needs --mqtt-user-file: a broker knows a password by its user")
    found = Credentials(
        *(_content(path, _LONGEST_BYTES) for path in (ca, certificate, key)),
        *(_one_line(path) for path in (user, password)),
    )
    if ca is not None and found.ca is not None:
        _certificate(found.ca, ca)
    if certificate is not None and key is not None and found.certificate and found.key:
        _check_pair(found.certificate, certificate, found.key, key)
    return found


def common_name(certificate: bytes) -> str:
    """Gives the name that a certificate is for, which a broker may take for the user; empty without one."""
    names = x509.load_pem_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def _check_pair(certificate: bytes, certificate_path: Path, key: bytes, key_path: Path) -> None:
    theirs = _certificate(certificate, certificate_path).public_key()
    try:
        ours = load_pem_private_key(key, password=None).public_key()
    except TypeError as error:
        raise ProvisionError(
            f"{key_path}: is locked by a password, which no agent can type; make one without"
        ) from error
    except ValueError as error:
        raise ProvisionError(f"{key_path}: no private key in PEM") from error
    one, other = (each.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for each in (ours, theirs))
    if one != other:
        raise ProvisionError(f"{key_path}: not the key of {certificate_path}; take the two of one device")


def _certificate(content: bytes, path: Path) -> x509.Certificate:
    if b"PRIVATE KEY" in content:
        raise ProvisionError(f"{path}: a private key is in it; name the certificate alone")
    try:
        return x509.load_pem_x509_certificate(content)
    except ValueError as error:
        raise ProvisionError(f"{path}: no certificate in PEM") from error


def _one_line(path: Path | None) -> bytes | None:
    content = _content(path, _LONGEST_SECRET_BYTES)
    if content is None or path is None:
        return None
    line = content.strip(b"\r\n")
    if not line or b"\n" in line or b"\0" in line:
        raise ProvisionError(f"{path}: one line is wanted, with nothing else in it")
    return line + b"\n"


def _content(path: Path | None, most_bytes: int) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise ProvisionError(f"{path}: cannot be read: {error.strerror}") from error
    if not content or len(content) > most_bytes:
        raise ProvisionError(f"{path}: {'empty' if not content else f'longer than {most_bytes} bytes'}")
    return content
