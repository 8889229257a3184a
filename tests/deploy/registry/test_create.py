from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sagui.deploy.registry.create import Plan, create
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.state import load

NOW = datetime.now(UTC)


def test_an_empty_registry_is_accepted_by_devices(place: Any, device: Any) -> None:
    assert device.versions() == []
    assert (place.folder / "root.json").read_bytes() == (place.folder / "metadata" / "1.root.json").read_bytes()


def test_no_private_key_is_in_the_registry(place: Any) -> None:
    assert place.files().keys() == {
        "root.json",
        "metadata/1.root.json",
        "metadata/timestamp.json",
        "metadata/1.snapshot.json",
        "metadata/1.targets.json",
    }
    assert not any(b"PRIVATE" in content for content in place.files().values())


def test_root_may_lie_elsewhere_and_is_never_needed_to_publish(
    make_place: Callable[..., Any], new_device: Any, make_bundle: Any, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    place = make_place("far", Plan(root_dir=stick, root_keys=3, root_threshold=2))
    assert len(list(stick.glob("root-*.pem"))) == 3
    assert not list(place.keys.rglob("root-*.pem"))
    stick.rename(tmp_path / "in a safe")
    publish(make_bundle(), place.folder, place.keys, now=NOW)
    assert new_device(place).versions() == ["1.0.0"]


def test_all_keys_may_be_locked(make_place: Callable[..., Any], tmp_path: Path) -> None:
    place = make_place("locked", Plan(passphrase=b"secret"))
    keys = list(place.keys.rglob("*.pem"))
    assert len(keys) == 4
    assert all(b"BEGIN ENCRYPTED" in key.read_bytes() for key in keys)


def test_lifetimes_may_be_chosen(make_place: Callable[..., Any]) -> None:
    place = make_place("short", Plan(lifetimes={"timestamp": timedelta(days=1), "root": timedelta(days=30)}))
    state = load(place.folder)
    day = place.now.replace(microsecond=0)
    assert state.timestamp.signed.expires == day + timedelta(days=1)
    assert state.root.signed.expires == day + timedelta(days=30)
    assert state.targets.signed.expires == day + timedelta(days=90)


def test_nothing_is_overwritten(place: Any, tmp_path: Path) -> None:
    before, keys = place.files(), sorted(place.keys.rglob("*"))
    with pytest.raises(PublishError, match="not empty; give --registry a new folder"):
        create(place.folder, tmp_path / "k", now=NOW)
    with pytest.raises(PublishError, match="keys are never overwritten"):
        create(tmp_path / "r", place.keys, now=NOW)
    assert not (tmp_path / "r").exists()
    assert not (tmp_path / "k").exists()
    assert place.files() == before
    assert sorted(place.keys.rglob("*")) == keys


@pytest.mark.parametrize(("keys", "threshold"), [(1, 2), (0, 0), (2, 0), (21, 1), (-1, -1)])
def test_thresholds_that_cannot_be_are_refused(tmp_path: Path, keys: int, threshold: int) -> None:
    with pytest.raises(PublishError, match=f"{threshold} of {keys} root keys cannot be"):
        create(tmp_path / "r", tmp_path / "k", Plan(root_keys=keys, root_threshold=threshold), now=NOW)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["keys", "root_dir"])
def test_keys_are_not_made_where_they_would_be_served(tmp_path: Path, where: str) -> None:
    folder = tmp_path / "r"
    keys = folder / "keys" if where == "keys" else tmp_path / "k"
    plan = Plan(root_dir=folder / ".." / "r" / "root" if where == "root_dir" else None)
    with pytest.raises(PublishError, match="is within the registry"):
        create(folder, keys, plan, now=NOW)
    assert list(tmp_path.iterdir()) == []
