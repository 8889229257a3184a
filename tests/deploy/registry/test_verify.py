from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sagui.deploy.registry.create import create
from sagui.deploy.registry.errors import ForeignError, PublishError
from sagui.deploy.registry.keyring.files import Keyring
from sagui.deploy.registry.prune import prune
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.refresh import refresh
from sagui.deploy.registry.release import Release
from sagui.deploy.registry.state import load
from sagui.deploy.registry.verify import verify
from sagui.deploy.registry.withdrawn import WITHDRAWN


@pytest.fixture
def full(place: Any, make_bundle: Any) -> Any:
    for version in ("1.0.0", "1.1.0"):
        publish(make_bundle(version, head=version.encode()), place.folder, place.keys, now=place.now)
    publish(make_bundle(name="birds"), place.folder, place.keys, now=place.now)
    return place


def asked_for(place: Any) -> list[Path]:
    """The files that the newest signatures speak of."""
    newest = {"1.root.json", "timestamp.json", "4.snapshot.json", "3.targets.json", "2.pets.json", "1.birds.json"}
    indexes = sorted(place.folder.glob("targets/pets/*.index.json"), key=lambda path: path.stat().st_size)
    targets = [path for path in place.folder.glob("targets/*/*") if path != indexes[0]]
    return [path for path in place.folder.glob("metadata/*") if path.name in newest] + targets


def test_a_whole_registry_has_no_problem(full: Any) -> None:
    found = verify(full.folder)
    assert found.problems == ()
    assert found.files == 6  # three bundles, two lists, one patch
    assert any("not needed any more; sagui registry prune" in line for line in found.notes)


def test_an_empty_registry_is_said_to_be_empty(place: Any) -> None:
    found = verify(place.folder)
    assert found.problems == ()
    assert found.notes == ("no model is published yet; sagui publish M.sagui publishes one",)


def test_a_byte_that_changed_is_found_wherever_it_is(full: Any) -> None:
    files = asked_for(full)
    assert len(files) == 12
    for path in files:
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        try:
            problems = verify(full.folder).problems
        except ForeignError as error:  # the first root is not even one
            problems = (str(error),)
        assert problems, path.name
        path.write_bytes(content)
    assert verify(full.folder).problems == ()


def test_a_file_that_is_gone_is_named(full: Any) -> None:
    for path in asked_for(full):
        if path.name == "1.root.json":
            continue
        content = path.read_bytes()
        path.unlink()
        problems = verify(full.folder).problems
        assert problems
        assert path.name in problems[0]
        path.write_bytes(content)


def sign_pets(place: Any, withdrawn: object) -> None:
    """Signs another memory of what was withdrawn, as a publisher that does not know of it might."""
    state = load(place.folder)
    state.models["pets"].signed.unrecognized_fields[WITHDRAWN] = withdrawn
    release = Release(state, Keyring(place.keys), place.now)
    release.unlock("pets")
    release.commit(["pets"])


def test_withdrawn_versions_are_named(full: Any) -> None:
    prune(full.folder, full.keys, now=full.now, named=["pets==1.0.0"])
    found = verify(full.folder, keys=full.keys)
    assert found.problems == ()
    assert "pets: withdrawn, and never published again: 1.0.0" in found.notes


def test_a_withdrawn_version_that_is_listed_again_is_found_and_taken_off(full: Any, device: Any) -> None:
    sign_pets(full, {"1.1.0+a": "2026-01-02T03:04:05Z"})
    (problem,) = verify(full.folder).problems
    assert "pets==1.1.0+a was withdrawn on 2026-01-02, and is listed again" in problem
    assert problem.endswith("sagui registry prune pets==1.1.0 takes it off")
    prune(full.folder, full.keys, now=full.now, named=["pets==1.1.0"])
    assert verify(full.folder).problems == ()
    assert device.versions() == ["1.0.0"]


@pytest.mark.parametrize("withdrawn", [["1.0.0"], {"1.0": "2026"}, {"1.0.0": 7}, "all", None])
def test_a_memory_that_is_none_is_found(full: Any, withdrawn: object) -> None:
    sign_pets(full, withdrawn)
    (problem,) = verify(full.folder).problems
    assert problem.startswith("pets: x-sagui-withdrawn is no list of withdrawn versions")
    with pytest.raises(ForeignError, match="pets: x-sagui-withdrawn"):
        load(full.folder)


def test_one_broken_model_does_not_hide_another(full: Any) -> None:
    next(full.folder.glob("targets/birds/*.sagui")).unlink()
    next(full.folder.glob("targets/pets/*.zst")).write_bytes(b"no")
    problems = verify(full.folder).problems
    assert any(line.startswith("birds/birds-1.0.0.sagui: ") for line in problems)
    assert any(line.startswith("pets/") and ".zst" in line for line in problems)


def test_a_root_of_another_registry_is_told_apart(full: Any, make_place: Callable[..., Any]) -> None:
    other = make_place("other")
    (problem,) = verify(full.folder, other.folder / "root.json").problems
    assert "another registry than the root is for" in problem


def test_a_root_json_that_was_exchanged_is_found(full: Any, make_place: Callable[..., Any]) -> None:
    (full.folder / "root.json").write_bytes(make_place("other").root)
    (problem,) = verify(full.folder).problems
    assert "is no root of this registry" in problem
    refresh(full.folder, full.keys, now=full.now)
    assert verify(full.folder).problems == ()


@pytest.mark.parametrize(("days", "role"), [(15, "timestamp"), (400, "root")])
def test_a_registry_that_was_not_renewed_is_too_old(tmp_path: Path, place: Any, days: int, role: str) -> None:
    create(tmp_path / "old", tmp_path / "old-keys", now=place.now - timedelta(days=days))
    (problem,) = verify(tmp_path / "old").problems
    assert f"{role}" in problem
    assert "devices refuse the registry as too old" in problem


def test_a_folder_that_is_no_registry_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(ForeignError, match="is empty"):
        verify(tmp_path)


def test_a_root_that_is_not_there_is_named(full: Any, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"gone\.json: cannot be read"):
        verify(full.folder, tmp_path / "gone.json")


def test_a_root_that_is_none_is_named(full: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for path in (tmp_path / "notes.txt", full.folder / "metadata" / "timestamp.json"):
        with pytest.raises(PublishError, match=f"{path.name}: is no root of a registry"):
            verify(full.folder, path)
