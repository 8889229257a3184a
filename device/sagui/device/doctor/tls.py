"""Certificates: those a broker shows, and those in our files."""

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sagui.device.doctor.machine import Machine
from sagui.device.doctor.report import Finding, failed, ok, warning

SOON = timedelta(days=30)
"""A certificate that ends within it is to be renewed."""

_TRUST = "sudo install -m 644 CA.crt /usr/local/share/ca-certificates && sudo update-ca-certificates, or --ca CA.crt"
# OpenSSL's numbers, x509_vfy.h; `ssl.SSLCertVerificationError.verify_code` gives them.
_NOT_YET, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_CHAIN, _NO_ISSUER, _HOST, _ADDRESS = 9, 10, 18, 19, 20, 62, 64


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


def make_context(files: Files) -> ssl.SSLContext:
    """Makes what paho and the handshake use.

    Raises:
        OSError: A file cannot be read, or holds no certificate or key (`ssl.SSLError` is one).
    """
    context = ssl.create_default_context(cafile=str(files.authority) if files.authority else None)
    if files.certificate:
        # A password given here keeps OpenSSL from asking for one at the terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
    return context


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


def check_dates(what: str, not_before: str, not_after: str, now: datetime) -> Finding:
    """Looks at the dates of a certificate.

    Args:
        what: Whose it is.
        not_before: As OpenSSL writes it, such as ``Jan  5 09:34:43 2026 GMT``.
        not_after: Likewise.
        now: The present time.
    """
    begins, ends = (datetime.fromtimestamp(ssl.cert_time_to_seconds(date), UTC) for date in (not_before, not_after))
    renew = "renew it, and restart what uses it"
    if now >= ends:
        return failed("tls", f"{what} expired on {ends:%Y-%m-%d}", renew)
    if now < begins:
        return failed("tls", f"{what} is valid from {begins:%Y-%m-%d %H:%M} UTC on", "sudo timedatectl set-ntp true")
    if ends - now < SOON:
        return warning("tls", f"{what} ends on {ends:%Y-%m-%d}, in {(ends - now).days} days", renew)
    return ok("tls", f"{what} is valid until {ends:%Y-%m-%d}")


def check_files(machine: Machine, files: Files, now: datetime) -> list[Finding]:
    """Looks at the dates of the certificates in our files; nothing where openssl is not installed."""
    findings = []
    for path in (files.authority, files.certificate):
        shown = path and machine.answer("openssl", "x509", "-noout", "-startdate", "-enddate", "-in", str(path))
        dates = dict(re.findall(r"^(notBefore|notAfter)=(.*)$", shown or "", re.MULTILINE))
        if len(dates) == 2:  # noqa: PLR2004 (from and until)
            findings.append(check_dates(str(path), dates["notBefore"], dates["notAfter"], now))
    return findings
