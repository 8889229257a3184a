"""Who may say and hear what, at a real mosquitto that `sagui broker init` made the files for."""

import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from click.testing import CliRunner
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions
from tests.conftest import free_port

from sagui.deploy.broker.command import broker as command

REFUSED = 128


@dataclass
class Client:
    """A client of a real broker, which remembers what the broker answered."""

    port: int
    ca: Path
    certificate: Path | None = None
    key: Path | None = None
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    connected: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listens = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        context = ssl.create_default_context(cafile=str(self.ca))
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key)
        self._client.tls_set_context(context)
        self._client.on_connect = lambda *a: self.connected.append(a[3].value)
        self._client.on_message = lambda _c, _u, message: self.heard.append((message.topic, bytes(message.payload)))
        self._client.on_subscribe = lambda *_: self._listens.set()
        self._client.on_publish = lambda _c, _u, number, reason, _p: self.answers.update({number: reason.value})

    def open(self) -> "Client":
        self._client.connect("localhost", self.port)
        self._client.loop_start()
        until = time.monotonic() + 10
        while not self.connected and time.monotonic() < until:
            time.sleep(0.01)
        return self

    def may_say(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> bool:
        """Whether the broker took it: MQTT 5 answers a message that is not allowed with 135."""
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        sent.wait_for_publish(10)
        return self.answers[sent.mid] < REFUSED

    def listen(self, pattern: str) -> None:
        self._listens.clear()
        self._client.subscribe(pattern, options=SubscribeOptions(qos=1))
        assert self._listens.wait(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Site:
    """A broker with its authority: what the command wrote, at work."""

    def __init__(self, folder: Path, program: str, port: int, eventually: Callable[..., bool]) -> None:
        self.folder, self.port, self._program, self._eventually = folder, port, program, eventually
        self._clients: list[Client] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder.parent / "mosquitto.log"

    def start(self) -> None:
        conf = self.folder / "mosquitto" / "sagui.conf"
        self._process = subprocess.Popen([self._program, "-c", str(conf)], stderr=self._log.open("wb"))
        assert self._eventually(self._answers), "mosquitto does not answer"

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()
        if self._process:
            self._process.kill()
            self._process.wait()

    def run(self, *arguments: object) -> str:
        done = CliRunner().invoke(command, [str(argument) for argument in arguments])
        assert done.exit_code == 0, done.output + repr(done.exception)
        return done.output

    def client(self, of: str | None, *, ca: Path | None = None) -> Client:
        place = self.folder / of if of else None
        files = (place / "agent.crt", place / "agent.key") if place else (None, None)
        client = Client(self.port, ca or self.folder / "ca" / "ca.crt", *files)
        self._clients.append(client)
        return client

    def _answers(self) -> bool:
        return b" running" in self._log.read_bytes()


@pytest.fixture
def site(tmp_path: Path, program: Callable[[str], str], eventually: Callable[..., bool]) -> Iterator[Site]:

    port = free_port()
    folder = tmp_path / "site"
    site = Site(folder, program("mosquitto"), port, eventually)
    names: list[Any] = ["--device", "porch", "--device", "shed", "--operator", "ana", "--reader", "grafana"]
    site.run("init", folder, "--host", "localhost", "--host", "127.0.0.1", *names,
             "--install-dir", folder / "mosquitto", "--port", port, "--bind", "127.0.0.1")  # fmt: skip
    # Started by root, mosquitto reads its files as the user mosquitto.
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    tmp_path.chmod(0o755)
    conf = folder / "mosquitto" / "sagui.conf"
    conf.write_text(conf.read_text() + "user root\n")
    site.start()
    yield site
    site.stop()


OWN = [
    "availability",
    "result",
    "state",
    "state/door",
    "telemetry",
    "health",
    "snapshot",
    "claim",
    "update/state",
]


def test_a_device_says_what_is_its_own(site: Site) -> None:
    porch = site.client("devices/porch").open()
    for name in OWN:
        assert porch.may_say(f"sagui/porch/{name}"), name
    assert porch.may_say("homeassistant/device/porch/config")


def test_a_device_says_nothing_else(site: Site) -> None:
    porch = site.client("devices/porch").open()
    for name in OWN:
        assert not porch.may_say(f"sagui/shed/{name}"), name
    for topic in (
        "sagui/porch/command",
        "sagui/porch/update/set",
        "sagui/shed/command",
        "sagui/fleet/all/desired",
        "homeassistant/device/shed/config",
        "homeassistant/status",
        "other",
    ):
        assert not porch.may_say(topic), topic


def test_a_device_hears_its_orders_and_the_plans_and_no_other_device(
    site: Site, eventually: Callable[..., bool]
) -> None:
    porch, ana = site.client("devices/porch").open(), site.client("operators/ana").open()
    shed = site.client("devices/shed").open()
    porch.listen("#")
    said = [
        (ana, "sagui/shed/command"),
        (shed, "sagui/shed/result"),
        (ana, "sagui/porch/command"),
        (ana, "sagui/porch/update/set"),
        (ana, "sagui/fleet/all/desired"),
    ]
    for who, topic in said:
        assert who.may_say(topic), topic
    assert eventually(lambda: len(porch.heard) >= 3)
    assert {topic for topic, _ in porch.heard} == {topic for _, topic in said[2:]}


def test_an_operator_plans_and_gives_orders_and_does_not_speak_for_devices(site: Site) -> None:
    ana = site.client("operators/ana").open()
    assert ana.may_say("sagui/fleet/all/desired", retain=True)
    assert ana.may_say("sagui/porch/update/set")
    assert not ana.may_say("sagui/porch/result")
    assert not ana.may_say("sagui/porch/update/state")


def test_a_reader_hears_all_and_says_nothing(site: Site, eventually: Callable[..., bool]) -> None:
    grafana, porch = site.client("readers/grafana").open(), site.client("devices/porch").open()
    grafana.listen("sagui/#")
    assert porch.may_say("sagui/porch/result", b"seen")
    assert eventually(lambda: grafana.heard == [("sagui/porch/result", b"seen")])
    for topic in (
        "sagui/porch/command",
        "sagui/fleet/all/desired",
        "sagui/grafana/state",
    ):
        assert not grafana.may_say(topic), topic


def test_who_has_no_certificate_gets_nothing(site: Site) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        _speak(site.client(None))


def test_another_authoritys_certificate_gets_nothing(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other"
    site.run("init", other, "--host", "localhost", "--device", "porch")
    stranger = Client(
        site.port, site.folder / "ca" / "ca.crt", other / "devices/porch/agent.crt", other / "devices/porch/agent.key"
    )
    with pytest.raises((ssl.SSLError, OSError)):
        _speak(stranger)


def test_a_client_does_not_take_another_broker_for_ours(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other"
    site.run("init", other, "--host", "localhost", "--device", "porch")
    with pytest.raises(ssl.SSLCertVerificationError):
        site.client("devices/porch", ca=other / "ca" / "ca.crt").open()


def test_a_stolen_device_is_out_when_its_certificate_is_revoked(site: Site) -> None:
    assert site.client("devices/porch").open().may_say("sagui/porch/state")
    site.run("revoke", site.folder, "porch")
    (site.folder / "mosquitto" / "revoked.pem").chmod(0o644)
    site.stop()
    site.start()
    with pytest.raises((ssl.SSLError, OSError)):
        _speak(site.client("devices/porch"))
    assert site.client("devices/shed").open().may_say("sagui/shed/state")


def test_a_device_that_came_later_needs_no_change_at_the_broker(site: Site) -> None:
    site.run("add", site.folder, "device", "attic")
    assert site.client("devices/attic").open().may_say("sagui/attic/state")


def _speak(client: Client) -> None:
    """Connects as plainly as can be: what the broker refuses is an exception here."""
    client._client.connect("localhost", client.port)
    until = time.monotonic() + 5
    while time.monotonic() < until and not client.connected:
        if (code := client._client.loop(0.1)) != mqtt.MQTT_ERR_SUCCESS:
            raise ConnectionError(mqtt.error_string(code))
    if not client.connected or client.connected[0] >= REFUSED:
        raise ConnectionRefusedError
