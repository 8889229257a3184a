import errno
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sagui.bundle import BundleError
from sagui.deploy.registry.errors import BehindError, BusyError, ForeignError, KeysError, PublishError
from sagui.deploy.registry.publish import Outcome, Wish, publish
from sagui.deploy.registry.storage import only_writer
from sagui.registry.patch import apply_patch


def put(place: Any, bundle: Path, **wish: Any) -> Outcome:
    return publish(bundle, place.folder, place.keys, now=place.now, wish=Wish(**wish))


def test_a_device_finds_what_was_published(place: Any, device: Any, make_bundle: Any) -> None:
    bundle = make_bundle("1.0.0")
    done = put(place, bundle)
    index = device.index()
    assert index.latest == "1.0.0"
    assert index.versions == (done.published,)
    assert device.fetch(done.published.path) == bundle.read_bytes()


def test_a_device_follows_from_version_to_version(place: Any, device: Any, make_bundle: Any) -> None:
    for version in ("1.0.0", "1.1.0", "1.0.1"):
        put(place, make_bundle(version, head=version.encode()))
        assert version in device.versions()
    assert device.versions() == ["1.0.0", "1.0.1", "1.1.0"]
    assert device.index().latest == "1.1.0"


def test_each_model_has_a_key_of_its_own(place: Any, device: Any, make_bundle: Any) -> None:
    pets, birds = put(place, make_bundle()), put(place, make_bundle(name="birds"))
    assert pets.new_key
    assert birds.new_key
    assert pets.new_key.read_bytes() != birds.new_key.read_bytes()
    assert device.versions("pets") == device.versions("birds") == ["1.0.0"]


def test_a_second_version_needs_no_key_of_targets(place: Any, device: Any, make_bundle: Any) -> None:
    put(place, make_bundle())
    next(place.keys.glob("targets-*.pem")).unlink()
    assert put(place, make_bundle("1.1.0")).new_key is None
    assert device.versions() == ["1.0.0", "1.1.0"]


def test_the_key_of_one_model_publishes_no_other(place: Any, device: Any, make_bundle: Any) -> None:
    put(place, make_bundle())
    put(place, make_bundle(name="birds"))
    next(place.keys.glob("birds-*.pem")).unlink()
    with pytest.raises(KeysError, match="the key of birds is needed"):
        put(place, make_bundle("1.1.0", name="birds"))


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_without_a_key_nothing_is_written(place: Any, make_bundle: Any, role: str) -> None:
    next(place.keys.glob(f"{role}-*.pem")).unlink()
    before, keys = place.files(), sorted(place.keys.iterdir())
    with pytest.raises(KeysError, match=f"the key of {role}.*give --keys"):
        put(place, make_bundle())
    assert place.files() == before
    assert sorted(place.keys.iterdir()) == keys


def test_the_same_bundle_again_changes_nothing(place: Any, make_bundle: Any) -> None:
    put(place, make_bundle())
    before = place.files()
    done = put(place, make_bundle())
    assert not done.changed
    assert place.files() == before


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"half of")], ids=["gone", "broken"])
def test_the_same_bundle_again_mends_its_file(
    place: Any, device: Any, make_bundle: Any, damage: Callable[[Path], object]
) -> None:
    bundle = make_bundle()
    done = put(place, bundle)
    damage(next(place.folder.glob("targets/pets/*.sagui")))
    put(place, bundle)
    assert device.fetch(done.published.path) == bundle.read_bytes()


def test_a_full_disk_leaves_the_registry_as_it_was(
    place: Any, device: Any, make_bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, make_bundle())
    bundle = make_bundle("1.1.0", head=b"x")
    for room in range(20):
        left = iter(range(room))

        def full(*_: object, left: Iterator[int] = left) -> int:
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            return 0

        monkeypatch.setattr(os, "fsync", full)
        try:
            done = put(place, bundle)
        except OSError:
            assert device.versions() in (["1.0.0"], ["1.0.0", "1.1.0"])
            continue
        assert room > 4
        assert device.fetch(done.published.path) == bundle.read_bytes()
        return
    pytest.fail("it was never published")


def test_a_version_never_changes(place: Any, make_bundle: Any) -> None:
    put(place, make_bundle())
    before = place.files()
    with pytest.raises(PublishError, match=r"pets==1\.0\.0 is published already, with other content"):
        put(place, make_bundle(head=b"other"))
    assert place.files() == before


def test_versions_that_devices_cannot_tell_apart_are_refused(place: Any, make_bundle: Any) -> None:
    put(place, make_bundle("1.0.0+monday"))
    with pytest.raises(PublishError, match=r"cannot be told from 1\.0\.0\+monday"):
        put(place, make_bundle("1.0.0+tuesday"))


def test_versions_that_cannot_be_compared_are_refused(place: Any, make_bundle: Any) -> None:
    with pytest.raises(PublishError, match="cannot be compared"):
        put(place, make_bundle("1.0.0-a..b"))


@pytest.mark.parametrize("name", ["root", "targets", "snapshot", "timestamp"])
def test_a_model_is_not_called_like_a_role(place: Any, make_bundle: Any, name: str) -> None:
    with pytest.raises(PublishError, match=f"cannot be called {name}"):
        put(place, make_bundle(name=name))


def test_what_is_no_bundle_is_refused(place: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.sagui"
    wrong.write_bytes(b"PK\x03\x04 no")
    with pytest.raises(BundleError, match=r"wrong\.sagui"):
        put(place, wrong)


def test_a_retrained_head_travels_as_a_patch(place: Any, device: Any, make_bundle: Any) -> None:
    old, new = make_bundle("1.0.0", head=b"old head"), make_bundle("1.1.0", head=b"a new head")
    put(place, old)
    (patch,) = put(place, new).published.patches
    assert patch.of == sha256(old.read_bytes()).hexdigest()
    assert patch.bytes < 0.1 * new.stat().st_size
    assert apply_patch(old.read_bytes(), device.fetch(patch.path), new.stat().st_size) == new.read_bytes()


def test_patches_lead_from_the_newest_versions_before(place: Any, make_bundle: Any) -> None:
    hashes = {}
    for version in ("1.0.0", "1.1.0", "1.2.0", "2.0.0"):
        done = put(place, make_bundle(version), patches=2)
        hashes[version] = done.published.sha256
    assert [patch.of for patch in done.published.patches] == [hashes["1.2.0"], hashes["1.1.0"]]
    assert [patch.of for patch in put(place, make_bundle("1.1.1")).published.patches] == [
        hashes["1.1.0"],
        hashes["1.0.0"],
    ]


def test_a_patch_that_saves_little_is_left_out(place: Any, make_bundle: Any) -> None:
    put(place, make_bundle("1.0.0"))
    assert put(place, make_bundle("1.1.0", trunk=np.random.default_rng(5).bytes(40_000))).published.patches == ()
    assert put(place, make_bundle("1.2.0"), patches=0).published.patches == ()


def test_a_version_is_compared_with_the_latest_before_it(place: Any, make_bundle: Any) -> None:
    for version, hits in (("1.0.0", 400), ("1.2.0", 950)):
        put(place, make_bundle(version, hits=hits))
    done = put(place, make_bundle("1.1.0", hits=600))
    assert [line.partition(" of 1000")[0] for line in done.evaluation.lines] == [
        "accuracy of pets==1.1.0: 60.0%",
        "the latest before it, pets==1.2.0: 95.0%",
    ]
    (warning,) = done.evaluation.warnings
    assert "pets==1.1.0 is clearly worse than pets==1.2.0" in warning
    assert done.changed


def test_a_latest_that_cannot_be_read_stops_no_publication(place: Any, device: Any, make_bundle: Any) -> None:
    put(place, make_bundle())
    next(place.folder.glob("targets/pets/*.sagui")).unlink()
    done = put(place, make_bundle("1.1.0"), patches=0)
    (warning,) = done.evaluation.warnings
    assert warning.startswith("not compared with pets==1.0.0, the latest before it: ")
    assert "is missing" in warning
    assert device.versions() == ["1.0.0", "1.1.0"]


def test_another_publisher_is_waited_for(place: Any, make_bundle: Any) -> None:
    before = place.files()
    with only_writer(place.folder), pytest.raises(BusyError, match=r"process \d+ is changing it"):
        put(place, make_bundle())
    assert place.files() == before
    assert put(place, make_bundle()).changed


def test_a_lifetime_that_was_chosen_is_kept(place: Any, device: Any, make_bundle: Any) -> None:
    put(place, make_bundle(), lifetimes={"timestamp": timedelta(days=3)})
    put(place, make_bundle("1.1.0"))
    expires = device.look()._trusted_set.timestamp.expires
    assert expires == place.now.replace(microsecond=0) + timedelta(days=3)


def test_a_folder_that_is_no_registry_is_said_to_be_none(place: Any, make_bundle: Any, tmp_path: Path) -> None:
    for folder, why in ((tmp_path / "gone", "does not exist"), (tmp_path / "empty", "is empty")):
        if why == "is empty":
            folder.mkdir()
        with pytest.raises(ForeignError, match=f"{why}; sagui keys init"):
            publish(make_bundle(), folder, place.keys, now=place.now)
        assert not folder.exists() or not any(folder.iterdir())
    with pytest.raises(ForeignError, match="is no registry"):
        publish(make_bundle(), tmp_path / "bundles", place.keys, now=place.now)


def test_the_registry_of_other_keys_is_refused(place: Any, make_place: Callable[..., Any], make_bundle: Any) -> None:
    other = make_place("other")
    before = other.files()
    with pytest.raises(ForeignError, match="is another registry"):
        publish(make_bundle(), other.folder, place.keys, now=place.now)
    assert other.files() == before


def test_a_registry_from_an_old_copy_is_refused(place: Any, make_bundle: Any, tmp_path: Path) -> None:
    old = place.folder.rename(tmp_path / "moved")
    shutil.copytree(old, place.folder)
    put(place, make_bundle())
    shutil.rmtree(place.folder)
    old.rename(place.folder)
    with pytest.raises(BehindError, match=r"is behind: \w+ is version \d here, and version \d was signed"):
        put(place, make_bundle())


def test_what_others_wrote_is_not_signed(place: Any, make_bundle: Any) -> None:
    put(place, make_bundle())
    metadata = next(place.folder.glob("metadata/1.pets.json"))
    metadata.write_bytes(metadata.read_bytes().replace(b"pets-1.0.0", b"pets-6.6.6"))
    with pytest.raises(ForeignError, match=r"1\.pets\.json: is not the file that was signed"):
        put(place, make_bundle("1.1.0"))


def test_keys_are_not_kept_where_they_are_served(place: Any, make_bundle: Any) -> None:
    keys = place.keys.rename(place.folder / "keys")
    with pytest.raises(PublishError, match="is within the registry"):
        publish(make_bundle(), place.folder, keys, now=place.now)
