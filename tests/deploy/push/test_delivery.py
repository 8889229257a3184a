"""`sagui push` to a real OpenSSH server; behind it a stand-in for sagui, which the device's own tests are about."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sagui.bundle import write_bundle
from sagui.deploy.push.command import push as command
from sagui.deploy.push.signed import signed_parcel
from sagui.deploy.registry.create import create
from sagui.deploy.registry.publish import publish
from sagui.registry import bundle_path


def test_a_device_proves_the_model_takes_it_and_keeps_nothing_of_the_copy(
    push: Any, sshd: Any, standin: Any, toy_bundle: Path, registry: Path
) -> None:
    standin.on(
        "install",
        'folder=${4#file://}; find "$folder" -type f | sed "s|$folder/||" >"$here/arrived"\n'
        'sha256sum "$folder"/targets/toy/*.sagui >"$here/sum"; cp "$here/after" "$here/status"',
    )
    result = push(sshd)
    assert result.exit_code == 0, result.output
    assert "toy 1.2.3 confirmed, before it toy 1.0.0" in result.output
    digest = hashlib.sha256(toy_bundle.read_bytes()).hexdigest()
    assert (standin.folder / "sum").read_text().split()[0] == digest
    arrived = (standin.folder / "arrived").read_text().splitlines()
    assert sorted(arrived) == sorted(piece.place for piece in signed_parcel(toy_bundle, registry).pieces)
    proven = next(line for line in standin.calls if line.startswith("selftest"))
    assert proven.endswith(f"/targets/toy/{digest}.toy-1.2.3.sagui")
    asked = next(line for line in standin.calls if line.startswith("update install"))
    assert asked.startswith("update install --registry file:///")
    assert asked.endswith(" toy==1.2.3 --wait --timeout 360 --config /etc/sagui/agent.toml")
    assert standin.calls.index(proven) < standin.calls.index(asked)
    assert sshd.left() == []


def test_only_what_vouches_for_the_bundle_is_copied(
    toy_bundle: Path, tmp_path: Path, make_manifest: Any, bundle_entries: Any
) -> None:
    now, folder, keys = datetime.now(UTC), tmp_path / "registry", tmp_path / "keys"
    create(folder, keys, now=now)
    for name, version in (("cats", "1.0.0"), ("toy", "1.2.2")):
        publish(
            write_bundle(tmp_path, make_manifest(name=name, version=version), bundle_entries), folder, keys, now=now
        )
    publish(toy_bundle, folder, keys, now=now)
    parcel = signed_parcel(toy_bundle, folder)
    names = sorted(path.partition(".")[2] for path in (piece.place.rpartition("/")[2] for piece in parcel.pieces))
    assert names == sorted(
        ["root.json", "json", "snapshot.json", "targets.json", "toy.json", "index.json", "toy-1.2.3.sagui"]
    )
    assert parcel.bundle.place.endswith("toy-1.2.3.sagui")
    assert bundle_path("toy", "1.2.3").rpartition("/")[2] in parcel.bundle.place


def test_a_device_that_runs_the_model_already_is_left_alone(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.2.3")
    result = push(sshd)
    assert result.exit_code == 0
    assert "runs toy 1.2.3 already" in result.output
    assert not [line for line in standin.calls if "install" in line or "selftest" in line]


@pytest.mark.parametrize("signed", [True, False])
def test_a_version_that_is_not_newer_is_refused_before_anything_is_copied(
    push: Any,
    sshd: Any,
    standin: Any,
    signed: bool,  # noqa: FBT001 (of the test's table)
) -> None:
    standin.runs("1.10.0")
    result = push(sshd, signed=signed)
    assert result.exit_code == 1
    assert "runs toy 1.10.0, and 1.2.3 is not newer; nothing was copied" in result.output
    assert "copying" not in result.output
    assert not [line for line in standin.calls if "install" in line or "selftest" in line]


def test_a_model_that_was_forgotten_is_asked_for(registry: Path, tmp_path: Path) -> None:
    words = ["devshed", "--registry", str(registry)]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2
    assert "MODEL.sagui is missing: the last word, 'devshed', is no file" in result.output
    result = CliRunner().invoke(command, ["devshed", str(tmp_path / "pets-1.4.0.sagui")])
    assert result.exit_code == 2
    assert "there is no file" in result.output


def test_a_bundle_that_is_not_proven_there_is_not_installed(push: Any, sshd: Any, standin: Any) -> None:
    standin.on("selftest", 'echo "Error: golden frame 2 differs by 3 steps" >&2; exit 1')
    result = push(sshd)
    assert result.exit_code == 1
    assert "selftest: golden frame 2 differs by 3 steps" in result.output
    assert not [line for line in standin.calls if line.startswith("update install")]
    assert sshd.left() == []


def test_a_model_that_does_not_become_healthy_in_time_is_taken_back(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.2.3", "activated", file="after")
    standin.on("install", 'cp "$here/after" "$here/status"; exec sleep 60')
    result = push(sshd, options=("--wait", "5s"))
    assert result.exit_code == 1
    assert "not confirmed within 5 s, the phase is activated; taken back: it runs toy 1.0.0" in result.output
    assert f"{sshd.host}: activated\n" in result.output
    (taken_back,) = (place for place, line in enumerate(standin.calls) if line.startswith("update revert"))
    assert {line[:13] for line in standin.calls[taken_back + 1 :]} == {"update status"}
    assert sshd.left() == []


def test_a_wait_that_fails_after_activation_is_taken_back(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.2.3", "activated", file="after")
    standin.on("install", 'cp "$here/after" "$here/status"; echo "Error: the agent does not answer" >&2; exit 1')
    result = push(sshd)
    assert "update: the agent does not answer; taken back: it runs toy 1.0.0" in result.output
    assert result.exit_code == 1


def test_a_model_that_the_device_took_back_itself_is_not_taken_back_again(push: Any, sshd: Any, standin: Any) -> None:
    standin.runs("1.0.0", "reverted", file="after", error="the camera gave no frames")
    standin.on("install", 'cp "$here/after" "$here/status"; echo "Error: reverted: no frames" >&2; exit 1')
    result = push(sshd)
    assert "update: reverted: no frames" in result.output
    assert not [line for line in standin.calls if line.startswith("update revert")]


def test_a_model_that_is_still_being_tried_beside_the_old_one_is_not_taken_back(
    push: Any, sshd: Any, standin: Any
) -> None:
    standin.runs("1.0.0", "shadow", file="after")
    standin.on("install", 'cp "$here/after" "$here/status"; exec sleep 60')
    result = push(sshd, options=("--wait", "5s"))
    assert "the phase is shadow; it goes on by itself, ask it later: sagui update status" in result.output
    assert not [line for line in standin.calls if line.startswith("update revert")]


def test_success_is_what_the_device_says_not_an_exit_status(push: Any, sshd: Any, standin: Any) -> None:
    standin.on("install", "exit 0")
    result = push(sshd)
    assert result.exit_code == 1
    assert "the update ended well, but the device runs toy 1.0.0" in result.output


def test_a_refusal_of_the_device_is_said_as_it_stands(push: Any, sshd: Any, standin: Any) -> None:
    standin.on("install", 'echo "Error: /etc/sagui/root.json does not sign\033[31m this" >&2; exit 1')
    result = push(sshd)
    assert "update: /etc/sagui/root.json does not sign [31m this" in result.output
    assert "\033[31m this" not in result.output


def test_without_signatures_the_device_decides(push: Any, sshd: Any, standin: Any) -> None:
    assert push(sshd, signed=False).exit_code == 0
    asked = next(line for line in standin.calls if line.startswith("update install"))
    assert asked.startswith("update install --unsigned /")
    assert "/toy-1.2.3.sagui --wait" in asked
    standin.on("install", 'echo "Error: this device trusts a root; leave out --unsigned" >&2; exit 1')
    standin.runs("1.2.3")  # an unsigned bundle of the same name may be another one
    assert "leave out --unsigned" in push(sshd, signed=False).output


def test_a_device_that_fails_stops_no_other(push: Any, make_sshd: Any, make_standin: Any) -> None:
    good, bad = make_sshd(), make_sshd()
    make_standin(good)
    bad.stop()
    result = push(bad, good)
    assert result.exit_code == 1
    assert f"{bad.host}: cannot be reached: Connection refused; is it switched on" in result.output
    assert f"{good.host}: toy 1.2.3 confirmed" in result.output
