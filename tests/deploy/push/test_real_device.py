"""A push to a device that is real but for its camera: an OpenSSH server, the agent at work, its `sagui update`."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.device.running import Agent

from sagui.bundle import write_bundle
from sagui.deploy.push import deliver as story
from sagui.deploy.push.command import push as command
from sagui.deploy.registry.create import create
from sagui.deploy.registry.publish import publish

PROGRAM = f"""#!{sys.executable}
from sagui.cli import main

main()
"""


class Device:
    """A device with an agent that runs the toy of version 1.2.3."""

    def __init__(self, sshd: Any, folder: Path, model: Path, colours: Path, broker: str) -> None:
        self.sshd, self.folder = sshd, folder
        self.settings = folder / "agent.toml"
        self.program = sshd.stand_in("sagui", PROGRAM)
        self.root = folder / "root.json"
        self._text = (
            f'device = "porch"\nmodel = "{model}"\n[camera]\nspec = "folder:{colours}"\nloop = true\nfps = 30\n'
            f'[broker]\nurl = "{broker}"\n[outbox]\nplace = "{folder / "state"}"\n'
        )

    def trust(self, root: Path | None) -> None:
        update = "[update]\nshadow_frames = 5\ndwell_s = 1.0\n"
        if root is not None:
            self.root.write_bytes(root.read_bytes())
            update += f'root = "{self.root}"\n'
        self.settings.write_text(self._text + update)


@pytest.fixture
def device(sshd: Any, tmp_path: Path, toy_bundle: Path, colours: Path, mosquitto: Any) -> Device:
    return Device(sshd, tmp_path, toy_bundle, colours, mosquitto.url)


@pytest.fixture
def newer(tmp_path: Path, make_manifest: Any, bundle_entries: Any) -> Path:
    return write_bundle(tmp_path, make_manifest(version="1.3.0"), bundle_entries)


@pytest.fixture
def published(tmp_path: Path, newer: Path) -> Path:
    create(tmp_path / "registry", tmp_path / "secret", now=datetime.now(UTC))
    publish(newer, tmp_path / "registry", tmp_path / "secret", now=datetime.now(UTC))
    return tmp_path / "registry"


@pytest.fixture
def push(device: Device, newer: Path, client_key: Path, tmp_path: Path, monkeypatch: Any) -> Callable[..., Result]:
    monkeypatch.setattr(story, "_LOOK_EVERY_S", 0.5)

    def run(*options: Any) -> Result:
        known = tmp_path / "known_hosts"
        known.write_text(device.sshd.known)
        words = ["--identity", client_key, "--known-hosts", known, "--no-sudo", "--remote-sagui", device.program]
        words += ["--config", device.settings, *options]
        return CliRunner().invoke(command, [device.sshd.host, str(newer), *map(str, words)])

    return run


@pytest.fixture
def agent(device: Device, eventually: Any) -> Any:
    """Starts the agent, and ends it after the test."""
    started: list[Agent] = []

    def start() -> Agent:
        one = Agent("--config", device.settings)
        started.append(one)
        assert eventually(lambda: one.said("first-result") is not None, 60), one.events
        return one

    yield start
    for one in started:
        one.process.terminate()
        one.wait()


def test_the_agent_proves_the_model_tries_it_and_confirms_it(
    push: Any, device: Device, agent: Any, published: Path
) -> None:
    device.trust(published / "metadata" / "1.root.json")
    agent()
    result = push("--registry", published)
    assert result.exit_code == 0, result.output
    assert "toy 1.3.0 confirmed, before it toy 1.2.3" in result.output
    assert device.sshd.left() == []
    assert "runs toy 1.3.0 already" in push("--registry", published).output


def test_a_device_that_trusts_another_root_refuses_and_keeps_its_model(
    push: Any, device: Device, published: Path, registry: Path
) -> None:
    device.trust(registry / "metadata" / "1.root.json")
    result = push("--registry", published)
    assert result.exit_code == 1
    assert "is by a key that this device trusts" in result.output
    assert device.sshd.left() == []
    told = subprocess.run(
        [device.program, "update", "status", "--config", device.settings], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("toy 1.2.3: ")


def test_a_device_without_a_root_takes_what_a_person_vouches_for_and_another_does_not(
    push: Any, device: Device, agent: Any, published: Path
) -> None:
    device.trust(published / "metadata" / "1.root.json")
    assert "--unsigned: this device trusts a registry's keys" in push("--unsigned").output
    device.trust(None)
    agent()
    assert "whom to trust?" in push("--registry", published).output
    result = push("--unsigned")
    assert result.exit_code == 0, result.output
    assert "toy 1.3.0 confirmed" in result.output
