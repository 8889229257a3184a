"""TLS: the files it needs, and why a certificate is not believed."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from sagui.device.errors import BrokerError

_TRUST = "sudo install -m 644 CA.crt /usr/local/share/ca-certificates && sudo update-ca-certificates, or --ca CA.crt"
# OpenSSL's numbers, x509_vfy.h; `ssl.SSLCertVerificationError.verify_code` gives them.
_NOT_YET, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_CHAIN, _NO_ISSUER, _HOST, _ADDRESS = 9, 10, 18, 19, 20, 62, 64
_ALERT = re.compile(r"\b(?:SSL|TLS)V[0-9]+_ALERT_([A-Z_]+)")


@dataclass(frozen=True)
class Files:
    """What TLS needs beside the system's own certificates.

    Attributes:
        authority: Certificates to trust; None for the system's.
        certificate: Who we are to the broker, if it asks.
        key: Of ``certificate``; None where it is in the same file.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def named(self) -> tuple[Path, ...]:
        """Those that were given."""
        return tuple(path for path in (self.authority, self.certificate, self.key) if path is not None)


def make_context(files: Files) -> ssl.SSLContext:
    """Makes what paho and the handshake use: TLS 1.2 or newer, the broker's certificate and name checked.

    Raises:
        OSError: A file cannot be read, or holds no certificate or key (`ssl.SSLError` is one).
    """
    context = ssl.create_default_context(cafile=str(files.authority) if files.authority else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate:
        # A password given here keeps OpenSSL from asking for one at the terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
    return context


def open_context(files: Files) -> ssl.SSLContext:
    """Makes a context as `make_context` does, and says in one line which file is to blame if it cannot.

    Raises:
        BrokerError: A file cannot be used; the message names it, and tells what is wrong.
    """
    if files.key and not files.certificate:
        raise BrokerError(f"{files.key}: a key without its certificate; name the certificate too")
    try:
        return make_context(files)
    except OSError as error:
        raise BrokerError(_blame(files, error)) from error


def _blame(files: Files, error: OSError) -> str:
    for path in files.named:
        try:
            with path.open("rb"):
                pass
        except OSError as unreadable:
            return f"{path}: cannot be read: {unreadable.strerror or unreadable}"
    for holder in (files.authority, files.certificate):
        if holder and not _holds_certificate(holder):
            return f"{holder}: holds no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----"
    key = files.key or files.certificate
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return f"{key}: is not the key of {files.certificate}"
    return f"{key}: holds no key in PEM that can be read without a password; openssl pkey -in FILE -out NEW makes one"


def _holds_certificate(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        return False
    return True


def explain_refusal(error: ssl.SSLCertVerificationError, host: str) -> tuple[str, str]:
    """Tells why the broker's certificate was not believed, and what to do."""
    code = error.verify_code
    if code == _EXPIRED:
        return (
            "its certificate has expired",
            "renew it on the broker; if it has not: timedatectl, the clock may be wrong",
        )
    if code == _NOT_YET:
        return "its certificate is not valid yet", "sudo timedatectl set-ntp true: the clock is behind, most likely"
    if code in (_SELF_SIGNED, _SELF_SIGNED_CHAIN, _NO_ISSUER):
        return "its certificate is by an authority that is not trusted here", _TRUST
    if code in (_HOST, _ADDRESS):
        return (
            f"its certificate is not for {host}",
            "use the name in the certificate: openssl x509 -noout -text -in FILE",
        )
    return f"its certificate is refused: {error.verify_message}", "openssl s_client -connect HOST:PORT"


def find_alert(text: str) -> str | None:
    """Finds what the broker said as it ended TLS, in the words of RFC 8446, 6.

    >>> find_alert("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)")
    'certificate required'
    """
    found = _ALERT.search(text)
    return found[1].lower().replace("_", " ") if found else None
