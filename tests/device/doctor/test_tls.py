"""Certificates: their dates, and why one is not believed."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sagui.device.doctor.report import Level
from sagui.device.doctor.tls import Files, check_dates, check_files, explain_refusal, make_context
from sagui.device.machine import Machine

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def openssl(moment: datetime) -> str:
    return moment.strftime("%b %e %H:%M:%S %Y GMT")


@pytest.mark.parametrize(
    ("begins", "ends", "level", "words"),
    [
        (-10, 90, Level.OK, "is valid until 2026-10-30"),
        (-10, 12, Level.WARNING, "in 12 days"),
        (-90, -1, Level.FAILED, "expired on 2026-07-31"),
        (1, 90, Level.FAILED, "is valid from 2026-08-02"),
    ],
)
def test_dates_are_judged(begins: int, ends: int, level: Level, words: str) -> None:
    finding = check_dates("it", openssl(NOW + timedelta(days=begins)), openssl(NOW + timedelta(days=ends)), NOW)
    assert finding.level is level
    assert words in finding.text


@pytest.mark.parametrize(
    ("code", "why", "mend"),
    [
        (10, "expired", "renew"),
        (9, "not valid yet", "set-ntp"),
        (18, "not trusted", "--ca CA.crt"),
        (19, "not trusted", "--ca CA.crt"),
        (20, "not trusted", "--ca CA.crt"),
        (62, "is not for broker.local", "openssl x509"),
        (64, "is not for broker.local", "openssl x509"),
        (23, "revoked", "openssl s_client"),
    ],
)
def test_a_refusal_is_explained(code: int, why: str, mend: str) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "certificate revoked"
    told = explain_refusal(error, "broker.local")
    assert why in told[0]
    assert mend in told[1]


def test_the_dates_in_our_files_are_read(certify: Callable[..., tuple[Path, Path]]) -> None:
    authority, _ = certify("authority", days=400)
    certificate, key = certify("ours", days=5)
    first, second = check_files(Machine(), Files(authority, certificate, key), datetime.now(UTC))
    assert first.level is Level.OK
    assert second.level is Level.WARNING
    assert str(certificate) in second.text


def test_without_openssl_nothing_is_said_of_files(tmp_path: Path) -> None:
    machine = Machine(ask=lambda *_: None)
    assert check_files(machine, Files(tmp_path / "ca.crt"), NOW) == []


def test_files_that_are_no_certificates_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("hello")
    for files in (Files(tmp_path / "ca.crt"), Files(tmp_path / "none.crt"), Files(certificate=tmp_path / "ca.crt")):
        with pytest.raises(OSError, match=r".*"):
            make_context(files)
