"""The same attacks on a device that is told to update: it says which, keeps its model, and goes on afterwards."""

import re
from pathlib import Path

import pytest
from tests.attacks.pets import bundles, device, impatient, registry
from tests.attacks.registry import Registry, bundle
from tests.attacks.server import Answer, Server, dripping, endless, instead, silent, status
from tests.attacks.signing import ATTACKS
from tests.attacks.updating import Updating

__all__ = ["bundles", "device", "impatient", "registry"]  # fixtures


def is_at_work_on_the_new_one(device: Updating) -> bool:
    """Tells it to update once more, and sees whether it does."""
    state = device.order()
    while state.phase not in {"failed", "waiting"} and not device.restarts:
        state = device.tick()
    current = device.ledger().current
    return current is not None and current.version == "1.1.0"


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_is_said_and_changes_nothing(name: str, registry: Registry, device: Updating) -> None:
    attack, words = ATTACKS[name]
    registry.release("pets", targets=True)
    honest = registry.twin()
    attack(registry)
    for _ in range(2):
        state = device.order()
        assert state.phase == "failed"
        assert re.search(words, state.error or ""), state.error
        assert (state.installed_version, state.in_progress) == ("1.0.0", False)
        assert device.is_as_before()
    for _ in range(3):
        honest.release("pets", targets=True)
    registry.becomes(honest)
    assert is_at_work_on_the_new_one(device)


@pytest.mark.parametrize(
    ("part", "answer", "phase", "words"),
    [
        ("timestamp.json", endless, "failed", "^endless data: timestamp.json"),
        ("timestamp.json", dripping, "waiting", "^slow retrieval"),
        ("timestamp.json", silent, "waiting", "^slow retrieval"),
        ("timestamp.json", status(503), "waiting", "503"),
        ("timestamp.json", status(404), "failed", "is no registry"),
        ("index.json", instead(b"{}"), "failed", "^length mismatch: pets/index.json"),
        (".sagui", endless, "failed", "^endless data: pets/pets-1.1.0.sagui"),
        (".sagui", instead(b"x"), "failed", "^length mismatch"),
        (".sagui", dripping, "waiting", "^slow retrieval: .*pets-1.1.0.sagui"),
        (".sagui", silent, "waiting", "^slow retrieval"),
        (".sagui", status(404), "failed", "is not there .HTTP 404"),
    ],
)
def test_a_server_that_misbehaves_is_said_and_changes_nothing(
    part: str, answer: Answer, phase: str, words: str, server: Server, impatient: Updating
) -> None:
    server.answers[".zst"] = status(404)
    server.answers[part] = answer
    state = impatient.order()
    assert state.phase == phase
    assert re.search(words, state.error or ""), state.error
    assert impatient.is_as_before()
    server.answers.clear()
    assert is_at_work_on_the_new_one(impatient)


def test_a_bundle_that_says_of_itself_that_it_is_another_is_refused(
    registry: Registry, device: Updating, bundles: tuple[Path, Path]
) -> None:
    registry.publish("pets", "2.0.0", bundles[1].read_bytes())
    state = device.order("2.0.0")
    assert state.phase == "failed"
    assert "says of itself that it is pets 1.1.0" in (state.error or "")
    assert device.is_as_before()


def test_a_signed_file_that_is_no_bundle_is_refused(registry: Registry, device: Updating) -> None:
    registry.publish("pets", "2.0.0", bundle(2))
    assert device.order().phase == "failed"
    assert device.is_as_before()


def test_what_is_older_is_not_installed_though_it_is_signed(registry: Registry, device: Updating) -> None:
    registry.publish("pets", "0.9.0", bundle(3))
    state = device.order("0.9.0")
    assert state.phase == "failed"
    assert "0.9.0 is not newer than 1.0.0" in (state.error or "")
    assert device.is_as_before()
