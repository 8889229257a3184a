"""Two real brokers, a site's and the centre's, with `deploy/mosquitto/bridge.conf` between them."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import free_port, require_program, wait_until
from tests.deploy.simulate.running import Fleet, roll_out

from sagui.deploy.broker.authority import Issued, found_authority

SITE = "site-porto"
DEVICES = 5


def write(folder: Path, name: str, issued: Issued) -> None:
    (folder / f"{name}.crt").write_bytes(issued.certificate)
    (folder / f"{name}.key").write_bytes(issued.key)


class Broker:
    """A real mosquitto that can be stopped as a service is, and started again with what it kept."""

    def __init__(self, folder: Path, settings: str) -> None:
        folder.mkdir()
        self.folder, self.port = folder, free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"per_listener_settings true\nuser root\npersistence true\npersistence_location {folder}/\n"
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\n{settings}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = self.folder / "log"
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                [require_program("mosquitto"), "-c", self._config], stdout=said, stderr=said
            )
        assert wait_until(lambda: b"running" in log.read_bytes()), log.read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def kept(self, topic: str, count: int = 1, wait_s: int = 20) -> dict[str, str]:
        """What it keeps, or what comes until there is so much."""
        command = ["mosquitto_sub", "-p", str(self.port), "-t", topic, "-q", "1", "-F", "%t %p"]
        command += ["-C", str(count), "-W", str(wait_s)]
        lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
        return dict(line.split(" ", 1) for line in lines)


class Reader:
    """A consumer whose session the centre keeps.

    Attributes:
        ids: Of the results that it was given, all in all.
    """

    def __init__(self, broker: Broker) -> None:
        self._command = ["mosquitto_sub", "-p", str(broker.port), "-i", "reader", "-c", "-q", "1"]
        self._command += ["-t", "sagui/+/result"]
        self.ids: set[str] = set()
        subprocess.run([*self._command, "-E"], check=True)

    def read(self) -> int:
        """Takes what waits for it; gives how many different results it has by now."""
        done = subprocess.run([*self._command, "-W", "1"], capture_output=True, text=True, check=False)
        self.ids |= {json.loads(line)["id"] for line in done.stdout.splitlines()}
        return len(self.ids)


@pytest.fixture
def brokers(tmp_path: Path, root: Path) -> Iterator[tuple[Broker, Broker]]:
    """The centre, which wants certificates of bridges, and a site."""
    files = root / "deploy" / "mosquitto"
    now = datetime.now(UTC)
    authority = found_authority("test", now)
    write(tmp_path, "ca", authority.pem())
    write(tmp_path, "server", authority.server(["127.0.0.1"], now))
    write(tmp_path, "bridge", authority.client(SITE, now))
    bridges = free_port()
    centre = Broker(
        tmp_path / "centre",
        f"listener {bridges} 127.0.0.1\nacl_file {files}/bridge.acl\n"
        f"cafile {tmp_path}/ca.crt\ncertfile {tmp_path}/server.crt\nkeyfile {tmp_path}/server.key\n"
        "require_certificate true\nuse_identity_as_username true\nmax_queued_messages 100000\n",
    )
    settings = (files / "bridge.conf").read_text()
    for old, new in (
        ("centre.example:8883", f"127.0.0.1:{bridges}"),
        ("/etc/mosquitto/certs/centre-ca.crt", f"{tmp_path}/ca.crt"),
        ("/etc/mosquitto/certs/", f"{tmp_path}/"),
        ("restart_timeout 5 60", "restart_timeout 1"),
    ):
        assert old in settings
        settings = settings.replace(old, new)
    site = Broker(tmp_path / "site", f"max_queued_messages 1000000\n{settings}")
    centre.start()
    site.start()
    yield centre, site
    site.stop(signal.SIGKILL)
    centre.stop(signal.SIGKILL)


def test_a_sites_devices_are_seen_at_the_centre_and_a_rollout_from_there_reaches_them(
    brokers: tuple[Broker, Broker],
) -> None:
    centre, site = brokers
    with Fleet(site.url, "--devices", str(DEVICES), "--faster", "100", "--prefix", "porto") as fleet:
        assert set(centre.kept("sagui/+/availability", DEVICES).values()) == {"online"}
        assert len(centre.kept("sagui/+/update/state", DEVICES)) == DEVICES
        assert set(centre.kept("sagui/+/result", DEVICES)) <= {f"sagui/porto-{n}/result" for n in range(1, 6)}
        assert centre.kept("sagui-bridge/porto/state") == {"sagui-bridge/porto/state": "1"}
        options = ("--group", "demo", "--broker", centre.url, "--waves", "20,100%", "--dwell", "0s")
        done = roll_out("start", "pets==1.1.0", *options)
        assert done.returncode == 0, done.stderr
        fleet.until(lambda record: record["versions"] == {"1.1.0": DEVICES})
    # And what is forgotten at the site is forgotten at the centre.
    assert wait_until(lambda: not centre.kept("sagui/+/availability", wait_s=1))


def test_no_result_is_lost_while_the_line_is_down(brokers: tuple[Broker, Broker]) -> None:
    centre, site = brokers
    reader = Reader(centre)
    with Fleet(site.url, "--devices", str(DEVICES), "--results-per-s", "20", "--keep") as fleet:
        fleet.until(lambda record: record["results"] > 100)
        centre.stop()
        went = fleet.records[-1]["results"]
        fleet.until(lambda record: record["results"] > went + 200)
        centre.start()
        back = fleet.records[-1]["results"]
        fleet.until(lambda record: record["results"] > back + 100)
        fleet.stop()
    said = fleet.records[-1]["results"]
    assert wait_until(lambda: reader.read() >= said)
    assert len(reader.ids) == said


def test_while_the_line_is_down_the_centre_knows_that_and_not_what_became_of_devices_and_a_plan_waits(
    brokers: tuple[Broker, Broker],
) -> None:
    centre, site = brokers
    with Fleet(site.url, "--devices", "2", "--keep") as fleet:
        assert set(centre.kept("sagui/+/availability", 2).values()) == {"online"}
        fleet.until(lambda record: record["online"] == 2)
        site.stop(signal.SIGKILL)
        fleet.until(lambda record: record["online"] == 0)
        assert wait_until(lambda: centre.kept("sagui-bridge/porto/state") == {"sagui-bridge/porto/state": "0"})
        assert set(centre.kept("sagui/+/availability", 2).values()) == {"online"}
        plan = [
            "mosquitto_pub",
            "-p",
            str(centre.port),
            "-q",
            "1",
            "-r",
            "-t",
            "sagui/fleet/demo/desired",
            "-m",
            "later",
        ]
        subprocess.run(plan, check=True)
        site.start()
        assert site.kept("sagui/fleet/demo/desired") == {"sagui/fleet/demo/desired": "later"}
        assert wait_until(lambda: centre.kept("sagui-bridge/porto/state") == {"sagui-bridge/porto/state": "1"})
        fleet.until(lambda record: record["online"] == 2)
    assert wait_until(lambda: set(centre.kept("sagui/+/availability", 2).values()) == {"offline"})


def test_the_bridge_may_say_nothing_but_what_devices_say(brokers: tuple[Broker, Broker], tmp_path: Path) -> None:
    centre, _ = brokers
    port = re.findall(r"^listener (\d+)", (centre.folder / "mosquitto.conf").read_text(), re.MULTILINE)[1]
    said = [
        "mosquitto_pub",
        "-V",
        "5",
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-q",
        "1",
        "-m",
        "{}",
        "--cafile",
        f"{tmp_path}/ca.crt",
    ]
    said += ["--cert", f"{tmp_path}/bridge.crt", "--key", f"{tmp_path}/bridge.key", "-d", "-t"]

    def taken(topic: str) -> bool:
        done = subprocess.run([*said, topic], capture_output=True, text=True, check=False)
        return "RC:0" in done.stdout or "RC:16" in done.stdout

    assert taken("sagui/porto-1/result")
    assert not taken("sagui/fleet/demo/desired")
    assert not taken("sagui/porto-1/command")
    assert not taken("sagui-bridge/braga/state")
