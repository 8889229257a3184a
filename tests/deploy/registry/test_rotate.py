import shutil
from pathlib import Path
from typing import Any

import pytest
from tuf.api.exceptions import UnsignedMetadataError

from sagui.deploy.registry.create import Plan
from sagui.deploy.registry.errors import ForeignError, KeysError, PublishError
from sagui.deploy.registry.keyring.files import Keyring
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.refresh import refresh
from sagui.deploy.registry.rotate import Roots, Rotator
from sagui.deploy.registry.state import load
from sagui.deploy.registry.verify import verify


def rotator(place: Any, *root_dirs: Path) -> Rotator:
    return Rotator(place.folder, place.keys, root_dirs, now=place.now)


@pytest.fixture
def full(place: Any, make_bundle: Any) -> Any:
    publish(make_bundle(), place.folder, place.keys, now=place.now)
    return place


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp", "pets"])
def test_devices_follow_a_new_key(full: Any, device: Any, new_device: Any, make_bundle: Any, role: str) -> None:
    assert device.versions() == ["1.0.0"]
    done = rotator(full).rotate(role)
    assert len(done.made) == len(done.retired) == 1
    assert done.root == (1 if role == "pets" else 2)
    done.retired[0].unlink()
    assert device.versions() == ["1.0.0"]
    publish(make_bundle("1.1.0"), full.folder, full.keys, now=full.now)
    assert device.versions() == new_device(full).versions() == ["1.0.0", "1.1.0"]
    assert verify(full.folder).problems == ()


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp", "pets"])
def test_a_role_whose_key_was_lost_gets_another(full: Any, device: Any, role: str) -> None:
    assert device.versions() == ["1.0.0"]
    next(full.keys.glob(f"{role}-*.pem")).unlink()
    assert rotator(full).rotate(role).retired == ()
    assert device.versions() == ["1.0.0"]


def test_the_old_key_is_believed_no_more(full: Any, device: Any, tmp_path: Path) -> None:
    stolen = tmp_path / "stolen"
    shutil.copytree(full.keys, stolen)
    keyid = load(full.folder).root.signed.roles["timestamp"].keyids[0]
    rotator(full).rotate("timestamp")
    device.look()
    with pytest.raises(KeysError, match="the key of timestamp"):
        refresh(full.folder, stolen, now=full.now)
    # Who signs with it all the same is found out, by devices and by the publisher.
    state, signer = load(full.folder), Keyring(stolen).find("timestamp", keyid)
    assert signer
    state.timestamp.signed.version += 1
    state.timestamp.sign(signer)
    state.timestamp.to_file(str(full.folder / "metadata" / "timestamp.json"))
    with pytest.raises(UnsignedMetadataError):
        device.look()
    with pytest.raises(ForeignError, match="timestamp is not signed by the registry's keys"):
        load(full.folder)


def test_root_takes_as_many_keys_as_it_asks_for(make_place: Any, new_device: Any, tmp_path: Path) -> None:
    stick, safe = tmp_path / "stick", tmp_path / "safe"
    place = make_place("two", Plan(root_dir=stick, root_keys=2, root_threshold=2))
    device = new_device(place)
    device.look()
    one, _ = sorted(stick.glob("root-*.pem"))
    safe.mkdir()
    away = one.rename(safe / one.name)
    with pytest.raises(KeysError, match=r"2 keys of root are needed .*, 1 found; give --root-dir"):
        rotator(place, stick).rotate("root")
    assert not (place.folder / "metadata" / "2.root.json").exists()
    assert away.exists()
    rotator(place, stick, safe).rotate("root", Roots(keys=3, threshold=1))
    asked = load(place.folder).root.signed.roles["root"]
    assert (len(asked.keyids), asked.threshold) == (3, 1)
    device.look()


def test_a_threshold_that_cannot_be_is_refused(full: Any) -> None:
    before = full.files()
    with pytest.raises(PublishError, match="2 of 1 root keys cannot be"):
        rotator(full).rotate("root", Roots(keys=1, threshold=2))
    assert full.files() == before


def test_root_is_renewed_with_the_same_keys(full: Any, device: Any) -> None:
    device.look()
    keyids = load(full.folder).root.signed.roles["root"].keyids
    assert rotator(full).renew_root() == 2
    assert load(full.folder).root.signed.roles["root"].keyids == keyids
    assert device.versions() == ["1.0.0"]
    assert (full.folder / "root.json").read_bytes() == (full.folder / "metadata" / "2.root.json").read_bytes()


def test_a_device_that_slept_through_many_roots_follows(full: Any, device: Any) -> None:
    for role in ("root", "timestamp", "root", "targets", "snapshot", "root", "pets"):
        rotator(full).rotate(role)
    assert device.versions() == ["1.0.0"]


def test_online_keys_alone_change_no_role(full: Any) -> None:
    next(full.keys.glob("root/*.pem")).unlink()
    before = full.files()
    with pytest.raises(KeysError, match="the key of root"):
        rotator(full).rotate("timestamp")
    assert full.files() == before


def test_what_is_no_role_is_refused(full: Any) -> None:
    with pytest.raises(PublishError, match=r"birds: no role and no model; there are root, .*pets"):
        rotator(full).rotate("birds")
