"""TLS and logging in, against a real broker with real certificates."""

import getpass
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.device.said import Said

from sagui.device.errors import BrokerError
from sagui.device.mqtt import dialing
from sagui.device.mqtt import link as link_module
from sagui.device.mqtt.address import PASSWORD, USER, parse_address
from sagui.device.mqtt.link import Link
from sagui.device.mqtt.tls import Files, make_context

Eventually = Callable[..., bool]
BOTH = pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """Signs certificates in a folder."""

    def __init__(self, openssl: str, folder: Path, name: str) -> None:
        self._openssl, self._folder, self._name = openssl, folder, name
        self.certificate, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        self.ask("req", "-x509", *CURVE, "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def ask(self, *arguments: object) -> None:
        subprocess.run([self._openssl, *map(str, arguments)], check=True, capture_output=True, cwd=self._folder)

    def certify(self, name: str, host: str = "localhost", days: int = 30) -> Files:
        """A certificate by this authority; with less than no days, it has expired."""
        certificate, key, request = (self._folder / f"{name}.{kind}" for kind in ("crt", "key", "csr"))
        who = ("-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")
        self.ask("req", "-new", *CURVE, *who, "-keyout", key, "-out", request)
        signed = ("-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-copy_extensions", "copyall")
        self.ask("x509", "-req", "-in", request, *signed, "-days", days, "-out", certificate)
        return Files(self.certificate, certificate, key)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("certificates")
    openssl = program("openssl")
    house, stranger = Authority(openssl, folder, "house"), Authority(openssl, folder, "stranger")
    return {
        "folder": folder,
        "house": house,
        "stranger": stranger,
        "broker": house.certify("broker"),
        "expired": house.certify("expired", days=-1),
        "elsewhere": house.certify("elsewhere", host="elsewhere.example"),
        "device": house.certify("device", host="porch"),
        "expired device": house.certify("old-device", host="porch", days=-1),
        "strange device": stranger.certify("strange-device", host="porch"),
    }


@dataclass
class Secured:
    """A broker with TLS alone."""

    broker: Any
    config: Path
    plain: str

    def start(self, shown: Files, *more: str) -> str:
        """Starts it, and gives its address."""
        own = [f"user {getpass.getuser()}", f"listener {self.broker.port} 127.0.0.1", "allow_anonymous true"]
        tls = [f"cafile {shown.authority}", f"certfile {shown.certificate}", f"keyfile {shown.key}"]
        self.config.write_text("\n".join([*own, *tls, *more]) + "\n")
        self.broker.start()
        return f"mqtts://localhost:{self.broker.port}"


@pytest.fixture
def secured(stopped_mosquitto: Any) -> Secured:
    return Secured(stopped_mosquitto, stopped_mosquitto._config, stopped_mosquitto.url)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "_RETRY_MIN_S", 0.1)
    monkeypatch.setattr(link_module, "_RETRY_MAX_S", 0.1)
    monkeypatch.setattr(dialing, "ANSWER_S", 30.0)


@pytest.fixture
def attempt(eventually: Eventually) -> Iterator[Callable[..., tuple[Link, Said]]]:
    """Opens a link that has something to say."""
    links: list[Link] = []

    def make(url: str, files: Files, protocol: Any = "auto", environment: dict[str, str] | None = None) -> Any:
        said = Said()
        link = Link(parse_address(url, environment or {}, files=files), "porch", said, protocol)
        links.append(link)
        link.open()
        link.publish("sagui/porch/result", b"1")
        return link, said

    yield make
    for link in links:
        link.close()


@BOTH
def test_a_broker_by_the_right_authority_is_believed(
    secured: Secured, certificates: Any, attempt: Any, protocol: str
) -> None:
    url = secured.start(certificates["broker"])
    link, said = attempt(url, Files(certificates["house"].certificate), protocol)
    assert link.drain(10)
    assert said.events == ["connected"]


@pytest.mark.parametrize(
    ("shown", "trusted", "why"),
    [
        ("broker", "stranger", "by an authority that is not trusted here"),
        ("broker", None, "by an authority that is not trusted here"),
        ("expired", "house", "its certificate has expired"),
        ("elsewhere", "house", "its certificate is not for localhost"),
    ],
)
def test_a_broker_that_is_not_believed_is_tried_again_and_that_is_said_once(
    secured: Secured, certificates: Any, attempt: Any, eventually: Eventually, shown: str, trusted: str | None, why: str
) -> None:
    url = secured.start(certificates[shown])
    link, said = attempt(url, Files(certificates[trusted].certificate if trusted else None))
    assert eventually(lambda: "untrusted" in said.events)
    assert not link.drain(0.6)
    assert said.events == ["untrusted"]
    assert why in said.texts[0]
    assert said.texts[0].endswith("trying again")
    assert not link.connected


def test_a_certificate_that_is_renewed_is_believed(
    secured: Secured, certificates: Any, attempt: Any, eventually: Eventually
) -> None:
    url = secured.start(certificates["expired"])
    link, said = attempt(url, Files(certificates["house"].certificate))
    assert eventually(lambda: "untrusted" in said.events)
    secured.broker.stop()
    secured.start(certificates["broker"])
    assert link.drain(10)
    assert said.events[-1] == "connected"


@BOTH
@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_a_broker_that_asks_for_our_certificate_gets_it(
    secured: Secured, certificates: Any, attempt: Any, version: str, protocol: str
) -> None:
    url = secured.start(certificates["broker"], "require_certificate true", f"tls_version {version}")
    link, said = attempt(url, certificates["device"], protocol)
    assert link.drain(10)
    assert said.events == ["connected"]


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
@pytest.mark.parametrize("who", [None, "expired device", "strange device"])
def test_a_broker_that_does_not_like_our_certificate_is_tried_again(
    secured: Secured, certificates: Any, attempt: Any, eventually: Eventually, version: str, who: str | None
) -> None:
    url = secured.start(certificates["broker"], "require_certificate true", f"tls_version {version}")
    ours, authority = certificates[who] if who else Files(), certificates["house"].certificate
    link, said = attempt(url, Files(authority, ours.certificate, ours.key))
    assert eventually(lambda: bool({"refused", "away"} & set(said.events)))
    assert not link.drain(0.6)
    # Once the broker's reason was lost in its hanging up: then we can only guess.
    assert any("certificate" in text for text in said.texts)
    assert len(said.events) == len(set(said.events)) <= 3
    assert not link.connected
    secured.broker.stop()
    secured.start(certificates["broker"])
    assert link.drain(15)


def test_a_key_that_is_lost_while_the_agent_runs_is_said_and_waited_for(
    secured: Secured, certificates: Any, attempt: Any, eventually: Eventually
) -> None:
    ours = certificates["house"].certify("moving", host="porch")
    url = secured.start(certificates["broker"], "require_certificate true")
    link, said = attempt(url, ours)
    assert link.drain(10)
    assert ours.key
    content = ours.key.read_bytes()
    ours.key.unlink()
    secured.broker.stop()
    secured.broker.start()
    assert eventually(lambda: "untrusted" in said.events)
    assert f"{ours.key}: cannot be read" in said.texts[said.events.index("untrusted")]
    ours.key.write_bytes(content)
    link.publish("sagui/porch/result", b"2")
    assert link.drain(10)


def test_a_broker_without_tls_is_said_to_have_none(
    mosquitto: Any, certificates: Any, attempt: Any, eventually: Eventually
) -> None:
    link, said = attempt(f"mqtts://localhost:{mosquitto.port}", Files(certificates["house"].certificate))
    assert eventually(lambda: bool(said.events))
    assert said.events == ["untrusted"]
    assert "TLS" in said.texts[0]
    assert not link.connected


@BOTH
def test_a_wrong_password_is_said_and_never_shown(
    stopped_mosquitto: Any,
    tmp_path: Path,
    program: Callable[[str], str],
    attempt: Any,
    eventually: Eventually,
    protocol: str,
) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch()
    subprocess.run([program("mosquitto_passwd"), "-b", str(passwords), "pi", "right"], check=True, capture_output=True)
    lines = f"user {getpass.getuser()}\nlistener {stopped_mosquitto.port} 127.0.0.1\npassword_file {passwords}\n"
    stopped_mosquitto._config.write_text(lines)
    stopped_mosquitto.start()
    link, said = attempt(stopped_mosquitto.url, Files(), protocol, {USER: "pi", PASSWORD: "s3cr3t-w0rd"})
    assert eventually(lambda: "refused" in said.events)
    assert not link.drain(0.4)
    assert said.events == ["refused"]
    told = f"{said.texts} {said.fields} {link._address!r} {vars(link)}"
    assert "s3cr3t-w0rd" not in told
    right, _ = attempt(stopped_mosquitto.url, Files(), protocol, {USER: "pi", PASSWORD: "right"})
    assert right.drain(10)


def test_files_are_checked_at_the_start(certificates: Any, tmp_path: Path) -> None:
    device, broker = certificates["device"], certificates["broker"]
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("hello")
    locked = tmp_path / "locked.key"
    certificates["house"].ask("pkey", "-in", device.key, "-aes256", "-passout", "pass:x", "-out", locked)
    for files, blamed, why in [
        (Files(tmp_path / "none.crt"), tmp_path / "none.crt", "cannot be read: No such file or directory"),
        (Files(tmp_path), tmp_path, "cannot be read: Is a directory"),
        (Files(nonsense), nonsense, "holds no certificate in PEM"),
        (Files(None, nonsense, device.key), nonsense, "holds no certificate in PEM"),
        (Files(None, device.certificate, nonsense), nonsense, "holds no key in PEM"),
        (Files(None, device.certificate), device.certificate, "holds no key in PEM"),
        (Files(None, device.certificate, locked), locked, "without a password"),
        (Files(None, device.certificate, tmp_path / "none.key"), tmp_path / "none.key", "cannot be read"),
        (Files(None, device.certificate, broker.key), broker.key, f"is not the key of {device.certificate}"),
        (Files(None, None, device.key), device.key, "a key without its certificate"),
    ]:
        with pytest.raises(BrokerError) as caught:
            parse_address("mqtts://broker", {}, files=files)
        assert str(caught.value).startswith(f"{blamed}: ")
        assert why in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1


def test_certificates_without_encryption_are_refused(certificates: Any) -> None:
    with pytest.raises(BrokerError, match=r"not encrypted .* mqtts://broker"):
        parse_address("mqtt://broker", {}, files=Files(certificates["house"].certificate))


def test_certificate_and_key_can_share_a_file(certificates: Any, tmp_path: Path) -> None:
    device = certificates["device"]
    both = tmp_path / "both.pem"
    both.write_bytes(device.certificate.read_bytes() + device.key.read_bytes())
    address = parse_address("mqtts://broker", {}, files=Files(device.authority, both))
    assert address.files.certificate == both


def test_old_tls_is_not_spoken() -> None:
    import ssl

    context = make_context(Files())
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
