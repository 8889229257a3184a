"""What `sagui push` is asked to do, and what it refuses at once."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.deploy.push.pushing import options_for

from sagui.bundle import write_bundle
from sagui.deploy.push.command import push as command


def test_the_same_device_twice_is_refused(push: Any, sshd: Any, standin: Any) -> None:
    result = push(sshd, sshd)
    assert result.exit_code == 1
    assert "name each device once" in str(result.exception)
    assert standin.calls == []


def test_devices_may_stand_in_a_file(
    sshd: Any, standin: Any, tmp_path: Path, toy_bundle: Path, registry: Path, client_key: Path
) -> None:
    hosts = tmp_path / "hosts"
    words = [str(toy_bundle), *options_for((sshd,), client_key, tmp_path, registry), "--hosts", str(hosts)]
    hosts.write_text(f"# the porch\n\n{sshd.host}  # by the door\n")
    assert CliRunner().invoke(command, words).exit_code == 0
    assert "name each device once" in str(CliRunner().invoke(command, [sshd.host, *words]).exception)
    hosts.write_text("# nobody\n")
    assert "names no device" in str(CliRunner().invoke(command, words).exception)


@pytest.mark.parametrize("wait", ["0", "5x", "-1", "1.5m", "", "9999999"])
def test_a_wait_is_a_length_of_time(toy_bundle: Path, registry: Path, wait: str) -> None:
    words = ["pi@porch", str(toy_bundle), "--registry", str(registry), f"--wait={wait}"]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2
    assert "write 90s, 5m or 1h" in result.output


def test_a_registry_is_asked_for(toy_bundle: Path) -> None:
    result = CliRunner().invoke(command, ["pi@porch", str(toy_bundle)])
    assert result.exit_code == 2
    assert "--registry DIR" in result.output
    assert "--unsigned" in result.output


def test_a_bundle_that_was_not_published_is_refused_with_the_command_that_does(
    push: Any, sshd: Any, standin: Any, tmp_path: Path, make_manifest: Any, bundle_entries: Any, registry: Path
) -> None:
    newer = write_bundle(tmp_path, make_manifest(version="1.3.0"), bundle_entries)
    result = push(sshd, bundle=newer)
    assert f"publish it first: sagui publish {newer} --registry {registry}" in str(result.exception)
    other = write_bundle(tmp_path, make_manifest(created="2026-01-02T03:04:06Z"), bundle_entries)
    assert "has another bundle as toy 1.2.3" in str(push(sshd, bundle=other).exception)
    assert standin.calls == []


def test_what_is_no_bundle_is_refused(push: Any, sshd: Any, standin: Any, tmp_path: Path) -> None:
    (tmp_path / "x.sagui").write_bytes(b"PK no")
    assert "x.sagui" in str(push(sshd, bundle=tmp_path / "x.sagui").exception)
    assert standin.calls == []
