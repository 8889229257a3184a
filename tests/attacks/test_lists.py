"""Each attack on what is signed is refused by its name; what is honest again is believed again."""

from datetime import datetime, tzinfo
from pathlib import Path

import pytest
from tests.attacks.devices import Device
from tests.attacks.registry import LIFETIME, TOP, Registry, bundle
from tests.attacks.server import Server, serving
from tests.attacks.signing import ATTACKS, PAST

from sagui.device.errors import DistrustError, SourceError
from sagui.registry import Index, encode_index, index_path

HUGE = 2**31


def play(name: str, registry: Registry, device: Device) -> None:
    """An honest registry with some history, the attack, and the honest registry again, which has gone on."""
    attack, words = ATTACKS[name]
    for _ in range(2):
        registry.release("pets", targets=True)
    device.find()
    registry.release("pets", targets=True)
    honest = registry.twin()
    attack(registry)
    for _ in range(2):  # it is not worn down by repetition
        with pytest.raises(DistrustError, match=words):
            device.find()
    for _ in range(3):
        honest.release("pets", targets=True)
    registry.becomes(honest)
    assert device.find().version == "1.0.0"


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_is_refused_by_its_name_and_leaves_nothing_behind(
    name: str, registry: Registry, device: Device
) -> None:
    play(name, registry, device)


@pytest.mark.parametrize("name", ["snapshot", "targets", "pets"])
def test_lists_that_name_hashes_are_not_mixed_either(name: str, tmp_path: Path) -> None:
    registry = Registry(hashes=True)
    registry.publish("pets", "1.0.0", bundle(0))
    with serving(registry.files) as server:
        play(f"mixed {'model' if name == 'pets' else name}", registry, Device(server, registry.trusted, tmp_path))


def test_a_registry_that_stands_still_is_noticed_when_its_day_has_passed(
    registry: Registry, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Later":
            return cls.fromtimestamp(datetime.now(tz).timestamp(), tz) + LIFETIME

    monkeypatch.setattr("tuf.ngclient._internal.trusted_metadata_set.datetime.datetime", Later)
    with pytest.raises(DistrustError, match=r"^freeze: .*root.json is expired.*clock"):
        device.find()


def test_a_root_that_expired_is_renewed_by_a_newer_one(registry: Registry, device: Device) -> None:
    until, registry.root.expires = registry.root.expires, PAST
    registry.rotate("timestamp")
    registry.release()
    with pytest.raises(DistrustError, match=r"^freeze: .*root.json is expired"):
        device.find()
    registry.root.expires = until
    registry.rotate("snapshot")
    registry.release()
    assert device.find().version == "1.0.0"


def test_a_model_cannot_sign_for_another_one(registry: Registry, device: Device) -> None:
    stolen = Index(model="dogs", latest="1.0.0", versions=registry.versions("pets"))
    registry.add_target(registry.roles["pets"], index_path("dogs"), encode_index(stolen))
    registry.release("pets")
    with pytest.raises(SourceError, match="has no model 'dogs'"):
        device.find(model="dogs")


# Recovery: what is honest again is believed again.


def test_a_new_root_is_followed(registry: Registry, device: Device) -> None:
    registry.rotate(*TOP)
    registry.publish("pets", "1.1.0", bundle(1))
    assert device.find().version == "1.1.0"


def test_several_new_roots_are_followed_at_once(registry: Registry, device: Device) -> None:
    for _ in range(5):
        registry.rotate(*TOP)
    registry.publish("pets", "1.1.0", bundle(1))
    assert device.find().version == "1.1.0"
    assert device.find().version == "1.1.0"


def test_a_device_that_was_long_in_a_drawer_follows_from_its_first_root(
    registry: Registry, server: Server, tmp_path: Path
) -> None:
    for _ in range(5):
        registry.rotate(*TOP)
    registry.publish("pets", "1.1.0", bundle(1))
    assert Device(server, registry.trusted, tmp_path).find().version == "1.1.0"


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_a_stolen_key_is_worth_nothing_after_it_was_replaced(role: str, registry: Registry, device: Device) -> None:
    stolen = registry.keys.signers[role]
    registry.rotate(role)
    registry.release()
    assert device.find().version == "1.0.0"
    registry.keys.signers[role] = stolen
    registry.release()
    with pytest.raises(DistrustError, match="wrong key"):
        device.find()


def test_versions_that_a_thief_drove_up_are_brought_down_by_new_keys(registry: Registry, device: Device) -> None:
    honest = registry.twin()
    registry.snapshot.version = registry.timestamp.version = HUGE
    registry.snapshot.meta["pets.json"].version = HUGE
    registry.roles["pets"].version = HUGE
    for role in ("pets", "snapshot", "timestamp"):
        registry.sign(role)
    device.find()
    honest.release("pets")
    registry.becomes(honest)
    with pytest.raises(DistrustError, match=r"^version rollback: .*2147483648"):
        device.find()
    honest.rotate("timestamp", "snapshot")
    honest.publish("pets", "1.1.0", bundle(1))
    registry.becomes(honest)
    assert device.find().version == "1.1.0"


def test_a_registry_that_another_way_showed_newer_is_refused(
    registry: Registry, device: Device, tmp_path: Path
) -> None:
    card = tmp_path / "card"
    for path, content in registry.files.items():
        (card / path).parent.mkdir(parents=True, exist_ok=True)
        (card / path).write_bytes(content)
    registry.publish("pets", "1.1.0", bundle(1))
    device.find()
    device.url = card.as_uri()
    with pytest.raises(DistrustError, match=r"^version rollback"):
        device.find()


@pytest.mark.parametrize("damage", [b"", b"{}", b"\0" * 300])
def test_lists_that_a_power_cut_spoilt_are_fetched_anew(damage: bytes, registry: Registry, device: Device) -> None:
    for path in (device.folder / "registry").rglob("*.json"):
        path.write_bytes(damage)
    assert device.find().version == "1.0.0"
