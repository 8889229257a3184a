"""`sagui doctor`."""

import json
import os
from pathlib import Path

import click

from sagui.device.doctor.examine import examine
from sagui.device.doctor.report import Finding, Level, count, document
from sagui.device.doctor.subject import of_options
from sagui.device.doctor.tls import Files
from sagui.device.machine import Machine

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILED: "red"}
_LEVEL_WIDTH, _CHECK_WIDTH = 9, 13
_FILE = click.Path(path_type=Path, readable=False)


@click.command("doctor", short_help="Say what this machine lacks, and the command that mends it.")
@click.argument("model", type=_FILE, required=False)
@click.option("--config", "settings", type=_FILE, help="Look at what an agent with this file of settings would use.")
@click.option("--broker", help="The MQTT broker to reach: mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option(
    "--mqtt",
    "protocol",
    type=click.Choice(["auto", "5", "3.1.1"]),
    default="auto",
    show_default=True,
    help="The protocol's version; auto tries 5 first.",
)
@click.option("--ca", "authority", type=_FILE, help="Certificates to trust, for mqtts; the system's without it.")
@click.option("--cert", "certificate", type=_FILE, help="Our certificate, where the broker asks for one.")
@click.option("--key", type=_FILE, help="The key of --cert, where it has a file of its own.")
@click.option("--labels", type=_FILE, help="A text file with a label a line, for a TFLite file without any.")
@click.option(
    "--state",
    type=_FILE,
    help="Where the agent keeps its state; by default $STATE_DIRECTORY or ~/.local/state/sagui.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, one object.")
def doctor(
    model: Path | None,
    settings: Path | None,
    broker: str | None,
    protocol: str,
    authority: Path | None,
    certificate: Path | None,
    key: Path | None,
    labels: Path | None,
    state: Path | None,
    as_json: bool,
) -> None:
    """Look at this machine, and at MODEL and a broker if they are given, or at all that a file of settings names.

    Each line is ok, a warning or a failure, with the command that mends it. Exit status 1 if anything failed. User and
    password of the broker come from SAGUI_MQTT_USER and SAGUI_MQTT_PASSWORD. Nothing is changed.
    """
    named = (model, broker, authority, certificate, key, labels, state)
    if settings is None:
        files = Files(authority, certificate, key)
        subject = of_options(
            os.environ, state=state, model=model, labels=labels, broker=broker, files=files, protocol=protocol
        )
    elif any(named):
        raise click.UsageError("--config names all that is looked at: leave the others out")
    else:
        from sagui.device.doctor.by_settings import of_settings

        subject = of_settings(settings, os.environ)
    findings = []
    for finding in examine(Machine(), subject):
        findings.append(finding)
        if not as_json:
            click.echo(line(finding))
    if as_json:
        click.echo(json.dumps(document(findings), ensure_ascii=False, indent=2))
    else:
        click.echo(summary(findings))
    if count(findings)[Level.FAILED]:
        raise click.exceptions.Exit(1)


def line(finding: Finding) -> str:
    """Writes a finding for a person; a second line says how to mend it. click drops colours off a terminal."""
    level = click.style(finding.level.value.ljust(_LEVEL_WIDTH), fg=_COLOURS[finding.level])
    text = f"{level}{finding.check.ljust(_CHECK_WIDTH)}{_printable(finding.text)}"
    if not finding.mend:
        return text
    return f"{text}\n{' ' * (_LEVEL_WIDTH + _CHECK_WIDTH)}-> {_printable(finding.mend)}"


def _printable(text: str) -> str:
    """A camera or a broker chooses its own words; they must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def summary(findings: list[Finding]) -> str:
    """Counts the findings, for the last line."""
    numbers = count(findings)
    warnings = numbers[Level.WARNING]
    said = "1 warning" if warnings == 1 else f"{warnings} warnings"
    return f"{numbers[Level.OK]} ok, {said}, {numbers[Level.FAILED]} failed"
