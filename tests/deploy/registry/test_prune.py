from datetime import timedelta
from typing import Any

import pytest

from sagui.deploy.registry.errors import KeysError, PublishError
from sagui.deploy.registry.prune import KEPT_METADATA, prune
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.refresh import refresh
from sagui.deploy.registry.rotate import Rotator
from sagui.deploy.registry.state import load
from sagui.deploy.registry.verify import verify

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "2.0.0-rc.1")


@pytest.fixture
def full(place: Any, make_bundle: Any) -> Any:
    for version in VERSIONS:
        publish(make_bundle(version, head=version.encode()), place.folder, place.keys, now=place.now)
    return place


def bundles(place: Any) -> list[str]:
    return sorted(path.name.partition(".")[2] for path in place.folder.glob("targets/pets/*.sagui"))


def test_the_newest_stay(full: Any, device: Any) -> None:
    assert device.versions() == list(VERSIONS)
    done = prune(full.folder, full.keys, now=full.now, keep=2)
    assert done.withdrawn == {"pets": ["1.0.0", "1.1.0"]}
    assert device.versions() == ["1.2.0", "2.0.0-rc.1"]
    assert bundles(full) == ["pets-1.2.0.sagui", "pets-2.0.0-rc.1.sagui"]
    assert verify(full.folder).problems == ()


def test_devices_on_a_withdrawn_version_keep_their_way_off_it(full: Any, device: Any) -> None:
    patches = device.index().find("1.2.0").patches
    prune(full.folder, full.keys, now=full.now, named=["pets==1.1.0"])
    assert device.index().find("1.2.0").patches == patches
    for patch in patches:
        assert len(device.fetch(patch.path)) == patch.bytes


def test_a_withdrawn_latest_makes_way_for_the_one_before(full: Any, device: Any) -> None:
    prune(full.folder, full.keys, now=full.now, named=["pets==1.2.0"])
    assert device.index().latest == "1.1.0"
    with pytest.raises(AssertionError, match="is not offered"):
        device.fetch("pets/pets-1.2.0.sagui")


def test_all_versions_may_go_and_others_come(full: Any, device: Any, make_bundle: Any) -> None:
    device.look()
    prune(full.folder, full.keys, now=full.now, named=[f"pets=={version}" for version in VERSIONS])
    assert device.versions() == []
    assert bundles(full) == []
    assert verify(full.folder).problems == ()
    publish(make_bundle("3.0.0"), full.folder, full.keys, now=full.now)
    assert device.versions() == ["3.0.0"]


def test_files_that_nobody_is_told_of_go(full: Any, device: Any) -> None:
    device.look()
    (full.folder / "targets" / "pets" / ".half-written").write_bytes(b"x" * 10)
    for _ in range(3 * KEPT_METADATA):
        refresh(full.folder, full.keys, now=full.now, lifetimes={"snapshot": full.now - full.now.replace(year=2020)})
    assert len(list(full.folder.glob("metadata/*.snapshot.json"))) > KEPT_METADATA + 1
    done = prune(full.folder, full.keys, now=full.now)
    assert done.withdrawn == {}
    assert done.files > 0
    assert len(list(full.folder.glob("metadata/*.snapshot.json"))) == KEPT_METADATA + 1
    assert not (full.folder / "targets" / "pets" / ".half-written").exists()
    assert device.versions() == list(VERSIONS)
    again = prune(full.folder, full.keys, now=full.now)
    assert (again.files, again.bytes) == (0, 0)


@pytest.mark.parametrize("head", [b"1.1.0", b"other"], ids=["same-content", "other-content"])
@pytest.mark.parametrize("gone", [["1.1.0"], VERSIONS], ids=["one-gone", "all-gone"])
def test_a_withdrawn_version_never_comes_back(
    full: Any, device: Any, make_bundle: Any, head: bytes, gone: list[str]
) -> None:
    prune(full.folder, full.keys, now=full.now, named=[f"pets=={version}" for version in gone])
    before = full.files()
    with pytest.raises(PublishError, match=r"pets==1\.1\.0 was withdrawn on 20.* never comes back: .* --version"):
        publish(make_bundle("1.1.0", head=head), full.folder, full.keys, now=full.now)
    assert full.files() == before
    publish(make_bundle("1.1.1", head=head), full.folder, full.keys, now=full.now)
    assert device.versions() == sorted({*VERSIONS, "1.1.1"} - set(gone))


def test_what_follows_a_plus_brings_no_withdrawn_version_back(full: Any, make_bundle: Any) -> None:
    prune(full.folder, full.keys, now=full.now, named=["pets==1.1.0"])
    with pytest.raises(PublishError, match=r"pets==1\.1\.0\+b was withdrawn, as 1\.1\.0, which it cannot be told from"):
        publish(make_bundle("1.1.0+b"), full.folder, full.keys, now=full.now)


def test_withdrawn_versions_are_remembered_whatever_is_signed_next(full: Any, make_bundle: Any) -> None:
    prune(full.folder, full.keys, now=full.now, named=["pets==1.1.0"])
    Rotator(full.folder, full.keys, now=full.now).rotate("pets")
    refresh(full.folder, full.keys, now=full.now, lifetimes={"model": timedelta(days=9)})
    prune(full.folder, full.keys, now=full.now + timedelta(days=1), keep=1)
    withdrawn = load(full.folder).withdrawn("pets")
    assert list(withdrawn) == ["1.0.0", "1.1.0"]
    assert withdrawn["1.1.0"] < withdrawn["1.0.0"]


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("pets==9.0.0", "pets==9.0.0 is not published"),
        ("birds==1.0.0", "birds: no version of it is published; there are pets"),
        ("pets", "give MODEL==VERSION"),
        ("pets==1.1.0", "pets==1.1.0 was withdrawn already, on 20"),
    ],
)
def test_what_is_not_there_cannot_go(full: Any, named: str, why: str) -> None:
    prune(full.folder, full.keys, now=full.now, named=["pets==1.1.0"])
    before = full.files()
    with pytest.raises(PublishError, match=why):
        prune(full.folder, full.keys, now=full.now, named=[named])
    assert full.files() == before


def test_without_the_key_of_the_model_nothing_goes(full: Any) -> None:
    next(full.keys.glob("pets-*.pem")).unlink()
    before = full.files()
    with pytest.raises(KeysError, match="the key of pets"):
        prune(full.folder, full.keys, now=full.now, keep=1)
    assert full.files() == before
