"""How a registry is reached: certificates, clocks, proxies."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.attacks.server import Answer, Server, dripping, dripping_headers, serving

from sagui.device.errors import SourceAwayError
from sagui.device.update.limits import Limits
from sagui.device.update.pace import Deadline
from sagui.device.update.transport import opened

DAY = timedelta(days=1)
LIMITS = Limits()


def certificate(folder: Path, begins: datetime) -> Path:
    """One for the loopback that signed itself, with its key, for a week."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + 7 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "registry.pem"
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


@contextmanager
def serving_securely(pem: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with Server({"file": b"content"}) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


def read(url: str, limits: Limits = LIMITS) -> bytes:
    with opened(url, 0, limits, Deadline("it", limits.refresh_s, time.monotonic)) as body:
        return b"".join(body.pieces)


def secure(server: Server) -> str:
    return server.url.replace("http:", "https:") + "/file"


def test_https_is_read_where_the_certificate_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, datetime.now(UTC) - DAY)
    with serving_securely(pem) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert read(secure(server)) == b"content"
        monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
        with pytest.raises(SourceAwayError, match="CERTIFICATE_VERIFY_FAILED"):
            read(secure(server))


def test_a_certificate_of_the_future_asks_whether_the_clock_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path, datetime.now(UTC) + DAY)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    words = r"not valid yet; this device's clock says \d{4}-.* UTC: is it right"
    with serving_securely(pem) as server, pytest.raises(SourceAwayError, match=words):
        read(secure(server))


@pytest.mark.parametrize("answer", [dripping, dripping_headers])
def test_https_is_cut_off_as_http_is(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, datetime.now(UTC) - DAY)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with serving_securely(pem) as server:
        server.files = {"file": b"x" * 1000}
        server.answers["file"] = answer
        with pytest.raises(SourceAwayError, match=r"^slow retrieval"):
            read(secure(server), Limits(connect_s=5, silence_s=5, refresh_s=0.5))


def test_the_systems_proxy_is_used_and_its_exceptions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "http://registry.invalid/file"
    with serving({asked: b"by proxy", "file": b"direct"}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert read(asked) == b"by proxy"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert read(f"{proxy.url}/file") == b"direct"


def test_nothing_is_asked_of_a_server_after_the_deadline() -> None:
    with serving({"file": b"content"}) as server:
        now = [0.0]
        deadline = Deadline("it", 300, lambda: now[0])
        now[0] = 400.0
        with (
            pytest.raises(SourceAwayError, match="slow retrieval: it took more than 300 s"),
            opened(f"{server.url}/file", 0, LIMITS, deadline),
        ):
            pytest.fail("it was opened")
        assert not server.asked
