"""Certificates: those a broker shows, and those in our files."""

import re
import ssl
from datetime import UTC, datetime, timedelta

from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine
from sagui.device.mqtt.tls import Files, explain_refusal, make_context

__all__ = ["SOON", "Files", "check_dates", "check_files", "explain_refusal", "make_context"]

SOON = timedelta(days=30)
"""A certificate that ends within it is to be renewed."""


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
