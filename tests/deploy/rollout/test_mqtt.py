"""The line to a real broker: with TLS, and with the rights that `sagui broker init` gives."""

import getpass
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from click.testing import CliRunner
from paho.mqtt.enums import CallbackAPIVersion
from tests.conftest import free_port
from tests.deploy.rollout.people import said

from sagui.deploy.broker.command import broker as broker_command
from sagui.deploy.rollout.address import Files, parse_address
from sagui.deploy.rollout.control import Control, present
from sagui.deploy.rollout.errors import BrokerError, LostError
from sagui.deploy.rollout.mqtt import MqttLine
from sagui.deploy.rollout.rules import Terms, pause
from sagui.deploy.rollout.starting import start
from sagui.wire import encode, topics

HOST = "localhost"


@dataclass
class Site:
    """A broker with TLS, a device, an operator and a reader."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"mqtts://{HOST}:{self.port}"

    def files(self, who: str) -> Files:
        place = self.folder / who
        return Files(self.folder / "ca" / "ca.crt", place / "agent.crt", place / "agent.key")

    def line(self, who: str, protocol: Any = "5") -> MqttLine:
        return MqttLine(parse_address(self.url, {}, self.files(who)), protocol)

    def control(self, who: str) -> Control:
        return Control(lambda: self.line(who), "porch", who)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str], eventually: Callable[..., bool]
) -> Iterator[Site]:
    folder, log = tmp_path_factory.mktemp("broker") / "site", tmp_path_factory.mktemp("log") / "log"
    found = Site(folder, free_port())
    who = ["--host", HOST, "--device", "porch", "--operator", "ana", "--reader", "grafana"]
    where = ["--install-dir", folder / "mosquitto", "--port", found.port, "--bind", "127.0.0.1"]
    done = CliRunner().invoke(broker_command, ["init", str(folder), *who, *map(str, where)])
    assert done.exit_code == 0, done.output
    conf = folder / "mosquitto" / "sagui.conf"
    # As root it would give its rights up, and read nothing of ours.
    conf.write_text(conf.read_text() + f"user {getpass.getuser()}\n")
    with log.open("wb") as out, subprocess.Popen([program("mosquitto"), "-c", str(conf)], stderr=out) as process:
        assert eventually(lambda: b" running" in log.read_bytes())
        _speak(found)
        yield found
        process.kill()


def _speak(site: Site) -> None:
    """The device says what it has."""
    files = site.files("devices/porch")
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    context = ssl.create_default_context(cafile=str(files.authority))
    context.load_cert_chain(str(files.certificate), files.key)
    client.tls_set_context(context)
    client.connect(HOST, site.port)
    client.loop_start()
    client.publish(topics.update_state("porch"), encode(said()), qos=1, retain=True).wait_for_publish(10)
    client.publish(topics.availability("porch"), topics.ONLINE, qos=1, retain=True).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def test_an_operators_certificate_may_do_all_that_a_rollout_needs(site: Site) -> None:
    ana = site.control("operators/ana")
    plan = ana.order(lambda roster, now: start(roster, ("pets", "1.4.0"), Terms(), now, "ana", "r-1", replace=True))
    assert [one.device for one in ana.roster.members(plan)] == ["porch"]
    ana.close()


@pytest.mark.parametrize("who", ["readers/grafana", "devices/porch"])
def test_no_other_certificate_may_change_a_plan(site: Site, who: str) -> None:
    ana = site.control("operators/ana")
    plan = ana.order(lambda roster, now: start(roster, ("pets", "1.4.0"), Terms(), now, "ana", "r-1", replace=True))
    other = site.control(who)
    with pytest.raises(BrokerError, match=r"does not let us write sagui/fleet/porch/desired: Not authorized"):
        other.order(lambda roster, now: pause(present(roster), now, who, "no"))
    assert ana.gather().plan == plan
    ana.close()
    other.close()


def test_a_reader_may_look(site: Site) -> None:
    grafana = site.control("readers/grafana")
    assert grafana.gather().models() == {"pets": 1}
    grafana.close()


def test_a_certificate_by_a_stranger_is_not_believed(site: Site, tmp_path: Path) -> None:
    done = CliRunner().invoke(broker_command, ["init", str(tmp_path / "other"), "--host", HOST])
    assert done.exit_code == 0, done.output
    files = Files(tmp_path / "other" / "ca" / "ca.crt")
    with pytest.raises(BrokerError, match=r"no TLS that we trust: .*--ca names whom to trust"):
        MqttLine(parse_address(site.url, {}, files))


def test_without_a_certificate_the_broker_wants_nothing_of_us(site: Site) -> None:
    with pytest.raises(BrokerError, match=rf"mqtts://{HOST}:{site.port}"):
        MqttLine(parse_address(site.url, {}, Files(site.folder / "ca" / "ca.crt"))).subscribe(["sagui/#"])


def test_a_port_without_tls_is_told(mosquitto: Any, site: Site) -> None:
    address = parse_address(f"mqtts://{HOST}:{mosquitto.port}", {}, Files(site.folder / "ca" / "ca.crt"))
    with pytest.raises(BrokerError, match=rf"may be one without TLS, mqtt://{HOST}:{mosquitto.port}"):
        MqttLine(address)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_port_with_tls_is_told(site: Site, protocol: Any) -> None:
    with pytest.raises(LostError, match=rf"closed at once; the port may speak TLS: mqtts://{HOST}:{site.port}"):
        MqttLine(parse_address(f"mqtt://{HOST}:{site.port}", {}, Files()), protocol)


def test_a_broker_knows_us_again_until_it_loses_its_memory(mosquitto: Any) -> None:
    address = parse_address(mosquitto.url, {}, Files())
    for remembers in (False, True):
        line = MqttLine(address, name="sagui-operator-ana")
        assert line.remembers is remembers
        line.close()
    mosquitto.stop()
    mosquitto.start()
    line = MqttLine(address, name="sagui-operator-ana")
    assert line.remembers is False
    line.close()
    older = MqttLine(address, "3.1.1", "sagui-operator-ana")
    assert older.remembers is None
    older.close()


def test_a_wrong_password_is_told_and_not_shown(
    stopped_mosquitto: Any, program: Callable[[str], str], tmp_path: Path
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run([program("mosquitto_passwd"), "-b", "-c", str(passwords), "ana", "right"], check=True)
    with (tmp_path / "mosquitto.conf").open("w") as config:
        own = f"listener {stopped_mosquitto.port} 127.0.0.1\nallow_anonymous false\n"
        config.write(f"{own}password_file {passwords}\nuser {getpass.getuser()}\n")
    stopped_mosquitto.start()
    for protocol in ("5", "3.1.1"):
        environment = {"SAGUI_MQTT_USER": "ana", "SAGUI_MQTT_PASSWORD": "wr0ng"}
        with pytest.raises(BrokerError, match=r"refuses the connection: Not authori[sz]ed") as caught:
            MqttLine(parse_address(stopped_mosquitto.url, environment, Files()), protocol)
        assert "wr0ng" not in str(caught.value)
        line = MqttLine(
            parse_address(stopped_mosquitto.url, environment | {"SAGUI_MQTT_PASSWORD": "right"}, Files()),
            protocol,
        )
        line.close()


def test_a_line_that_is_lost_says_so_whatever_is_asked_of_it(mosquitto: Any) -> None:
    line = MqttLine(parse_address(mosquitto.url, {}, Files()))
    line.subscribe(["sagui/#"])
    line.keep("sagui/porch/update/state", b"{}")
    mosquitto.stop()
    heard = line.hear(5)
    assert heard is not None
    assert heard.payload == b"{}"
    with pytest.raises(LostError, match="the connection is lost"):
        line.hear(5)
    with pytest.raises(LostError):
        line.keep("sagui/porch/update/state", b"{}")
    line.close()


def test_what_is_kept_comes_once_more_with_each_subscription_all_of_it(mosquitto: Any) -> None:
    line = MqttLine(parse_address(mosquitto.url, {}, Files()))
    names = {f"sagui/cam-{number}/update/state" for number in range(300)}
    names.add("sagui/fleet/porch/desired")
    for name in names:
        line.keep(name, b"x")
    for _ in range(20):
        line.subscribe(["sagui/+/update/state", "sagui/fleet/porch/desired"])
        heard = [line.hear(0) for _ in names]
        assert {one.topic for one in heard if one} == names
        assert all(one.kept for one in heard if one)
        while line.hear(0.1):
            pass
    line.close()
