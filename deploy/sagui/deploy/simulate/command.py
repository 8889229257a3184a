"""`sagui fleet`."""

import os
import signal
from pathlib import Path

import click
from paho.mqtt.enums import MQTTProtocolVersion

from sagui.deploy.rollout.address import Files, parse_address
from sagui.deploy.simulate.course import FAULTS, ON_A_PI, Bad, Fault
from sagui.deploy.simulate.device import Profile, check
from sagui.deploy.simulate.limits import allow_connections
from sagui.deploy.simulate.paho_network import PahoNetwork
from sagui.deploy.simulate.simulation import Run, Simulation

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


@click.group("fleet", short_help="Simulate many devices.")
def fleet() -> None:
    """Simulate many devices."""


@fleet.command("simulate", short_help="Run a fleet that only exists on the broker.")
@click.option("--devices", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="How many.")
@click.option("--broker", required=True, help="mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option("--group", "groups", multiple=True, default=("demo",), show_default=True, help="Whose plans they follow.")
@click.option("--model", default="pets", show_default=True, help="The name of the bundle that they have.")
@click.option("--version", default="1.0.0", show_default=True, help="Its version.")
@click.option("--bad", help="A version that fails on the devices.")
@click.option("--bad-share", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="On this share of them.")
@click.option(
    "--bad-how",
    type=click.Choice(FAULTS),
    multiple=True,
    help="golden frames not reproduced, disagrees in the shadow, unwell in the dwell, or hangs for ever; default: any "
    "of the first three.",
)
@click.option("--results-per-s", type=click.FloatRange(0, 100), default=1.0, show_default=True, help="Of each device.")
@click.option("--telemetry-s", type=click.FloatRange(min=0), default=60.0, show_default=True, help="0 is none.")
@click.option(
    "--faster",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="An update takes about 150 seconds on a device; here it goes so many times faster.",
)
@click.option("--duration", type=click.FloatRange(min=0), help="Seconds; default: until Ctrl-C.")
@click.option("--connects-per-s", type=click.FloatRange(min=1), default=200.0, show_default=True, help="At the start.")
@click.option("--prefix", default="sim", show_default=True, help="Devices are called PREFIX-0001, ...")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is drawn.")
@click.option("--every", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds between lines.")
@click.option("--json", "as_json", is_flag=True, help="Each line is a JSON object.")
@click.option("--keep", is_flag=True, help="Leave on the broker what it keeps of the devices.")
@click.option("--mqtt", type=click.Choice(tuple(_VERSIONS)), default="5", show_default=True, help="The protocol.")
@click.option("--ca", type=_FILE, help="Authority of the broker's certificate, for mqtts.")
@click.option("--certificate", type=_FILE, help="The fleet's own certificate, for mqtts.")
@click.option("--key", type=_FILE, help="Its key; default: in the certificate's file.")
@click.option("--user-file", type=_FILE, help="Holds the user; default: SAGUI_MQTT_USER.")
@click.option("--password-file", type=_FILE, help="Holds the password; default: SAGUI_MQTT_PASSWORD.")
def simulate(
    devices: int,
    broker: str,
    groups: tuple[str, ...],
    model: str,
    version: str,
    bad: str | None,
    bad_share: float,
    bad_how: tuple[Fault, ...],
    results_per_s: float,
    telemetry_s: float,
    faster: float,
    duration: float | None,
    connects_per_s: float,
    prefix: str,
    seed: int,
    every: float,
    as_json: bool,
    keep: bool,
    mqtt: str,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    user_file: Path | None,
    password_file: Path | None,
) -> None:
    """Run a fleet that only exists on the broker.

    Each device has a connection of its own, says what a real one says, and follows plans and orders by the same rules.
    Labels, times and failures are drawn; nothing is classified or downloaded. To see a rollout, run `sagui rollout
    start` beside it. Ctrl-C ends it, and has the broker forget the devices.

    Needs a broker: `mosquitto -p 1883` is one, for a desk. All devices come with the same user or certificate.
    """
    address = parse_address(broker, os.environ, Files(ca, certificate, key, user_file, password_file))
    faults = (Bad(bad, bad_share, bad_how or Bad.how),) if bad else ()
    profile = Profile(
        groups=groups,
        model=model,
        version=version,
        results_per_s=results_per_s,
        telemetry_s=telemetry_s,
        times=ON_A_PI.faster(faster),
        bad=faults,
        seed=seed,
    )
    check(profile)
    allow_connections(devices)
    how = Run(devices, prefix, connects_per_s, duration, every, as_json, not keep)
    simulation = Simulation(profile, how, PahoNetwork(address, _VERSIONS[mqtt]), click.echo)

    def stop(*_: object) -> None:
        simulation.stopped = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    simulation.run()
