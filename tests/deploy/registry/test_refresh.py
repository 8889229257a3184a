from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.exceptions import ExpiredMetadataError

from sagui.deploy.registry.create import create
from sagui.deploy.registry.errors import BusyError, KeysError
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.refresh import refresh
from sagui.deploy.registry.state import load
from sagui.deploy.registry.storage import only_writer


def test_the_timestamp_is_renewed_and_nothing_else(place: Any, device: Any, make_bundle: Any) -> None:
    publish(make_bundle(), place.folder, place.keys, now=place.now)
    before = place.files()
    done = refresh(place.folder, place.keys, now=place.now + timedelta(days=7))
    assert done.roles == ("timestamp",)
    changed = {name for name, content in place.files().items() if before.get(name) != content}
    assert changed == {"metadata/timestamp.json"}
    assert device.versions() == ["1.0.0"]
    assert done.expires == place.now.replace(microsecond=0) + timedelta(days=21)


def test_what_is_half_over_is_renewed(place: Any, device: Any, make_bundle: Any) -> None:
    publish(make_bundle(), place.folder, place.keys, now=place.now)
    assert refresh(place.folder, place.keys, now=place.now + timedelta(days=16)).roles == ("snapshot", "timestamp")
    later = refresh(place.folder, place.keys, now=place.now + timedelta(days=46))
    assert later.roles == ("targets", "pets", "snapshot", "timestamp")
    assert device.versions() == ["1.0.0"]


def test_the_keys_of_snapshot_and_timestamp_are_enough(place: Any, device: Any, make_bundle: Any) -> None:
    publish(make_bundle(), place.folder, place.keys, now=place.now)
    for name in ("targets-*.pem", "pets-*.pem", "root/*.pem"):
        next(place.keys.glob(name)).unlink()
    done = refresh(place.folder, place.keys, now=place.now + timedelta(days=80))
    assert done.roles == ("snapshot", "timestamp")
    assert any(line.startswith("targets expires on") and "key of targets" in line for line in done.notes)
    assert device.versions() == ["1.0.0"]


@pytest.mark.parametrize("role", ["snapshot", "timestamp"])
def test_without_an_online_key_nothing_is_written(place: Any, role: str) -> None:
    next(place.keys.glob(f"{role}-*.pem")).unlink()
    before = place.files()
    with pytest.raises(KeysError, match=f"the key of {role}"):
        refresh(place.folder, place.keys, now=place.now)
    assert place.files() == before


def test_a_registry_that_ran_out_lives_again(tmp_path: Any, place: Any, new_device: Callable[[Any], Any]) -> None:
    old = type(place)(tmp_path / "old", tmp_path / "old-keys")
    create(old.folder, old.keys, now=place.now - timedelta(days=20))
    old.root = (old.folder / "root.json").read_bytes()
    with pytest.raises(ExpiredMetadataError):
        new_device(old).look()
    refresh(old.folder, old.keys, now=place.now)
    new_device(old).look()


def test_root_asks_for_its_keys_in_time(place: Any) -> None:
    done = refresh(place.folder, place.keys, now=place.now + timedelta(days=320))
    assert any(line.startswith("root expires on") and "sagui keys renew" in line for line in done.notes)


def test_a_chosen_lifetime_is_kept_from_then_on(place: Any) -> None:
    refresh(place.folder, place.keys, now=place.now, lifetimes={"snapshot": timedelta(days=2)})
    assert load(place.folder).snapshot.signed.expires == place.now.replace(microsecond=0) + timedelta(days=2)
    later = place.now + timedelta(days=1)
    assert refresh(place.folder, place.keys, now=later).roles == ("snapshot", "timestamp")
    assert load(place.folder).snapshot.signed.expires == later.replace(microsecond=0) + timedelta(days=2)


def test_a_publisher_at_work_is_not_disturbed(place: Any) -> None:
    with only_writer(place.folder), pytest.raises(BusyError):
        refresh(place.folder, place.keys, now=place.now)
