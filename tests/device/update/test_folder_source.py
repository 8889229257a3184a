import errno
from pathlib import Path

import pytest
from tests.torture.device import make_bundle

from sagui.device.errors import DistrustError, SourceAwayError, SourceError, StoreError
from sagui.device.store.filesystem import RealFilesystem
from sagui.device.store.hazardous import HazardousFilesystem
from sagui.device.store.hazards import Refuse, Tally
from sagui.device.update.folder_source import FolderSource


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    folder = tmp_path / "registry"
    folder.mkdir()
    for version in ("1.9.0", "1.10.0", "1.10.0-rc.1"):
        (folder / f"pets-{version}.sagui").write_bytes(make_bundle(version))
    return folder


def fetch(source: FolderSource, to: Path, version: str | None = None) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    source.fetch(source.find("pets", version), to, None, lambda here, whole: told.append((here, whole)))
    return told


def test_the_newest_is_found_by_semver(registry: Path) -> None:
    assert FolderSource(registry).find("pets", None).version == "1.10.0"
    assert FolderSource(registry).find("pets", "1.9.0").version == "1.9.0"
    with pytest.raises(SourceError, match=r"there is no pets 2\.0\.0"):
        FolderSource(registry).find("pets", "2.0.0")
    with pytest.raises(SourceError, match="there is no cats of any version"):
        FolderSource(registry).find("cats", None)


def test_a_bundle_comes_piece_by_piece_and_whole(registry: Path, tmp_path: Path) -> None:
    content, to = make_bundle("1.10.0"), tmp_path / "to"
    told = fetch(FolderSource(registry, chunk_bytes=1000), to)
    assert to.read_bytes() == content
    assert told == [(min(1000 * number, len(content)), len(content)) for number in range(1, len(told) + 1)]


def test_what_is_here_is_not_fetched_again(registry: Path, tmp_path: Path) -> None:
    content, to, tally = make_bundle("1.10.0"), tmp_path / "to", Tally()
    (tmp_path / "to.part").write_bytes(content[:-10])
    fetch(FolderSource(registry, hazard=tally, chunk_bytes=1000), to)
    assert [name for name, _ in tally.calls] == ["list", "describe", "get"]
    assert to.read_bytes() == content


@pytest.mark.parametrize("part", [b"garbage", b"x" * 100_000])
def test_a_part_of_something_else_is_begun_anew(registry: Path, tmp_path: Path, part: bytes) -> None:
    (tmp_path / "to.part").write_bytes(part)
    fetch(FolderSource(registry), tmp_path / "to")
    assert (tmp_path / "to").read_bytes() == make_bundle("1.10.0")


def test_what_changes_meanwhile_is_not_taken(registry: Path, tmp_path: Path) -> None:
    source = FolderSource(registry)
    candidate = source.find("pets", "1.10.0")
    (registry / "pets-1.10.0.sagui").write_bytes(make_bundle("1.9.0"))
    with pytest.raises(DistrustError, match="another one than promised"):
        source.fetch(candidate, tmp_path / "to", None, lambda _here, _whole: None)
    assert list(tmp_path.iterdir()) == [registry]


def test_a_network_that_is_away_is_told_from_a_disk_that_is_full(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceAwayError, match="cannot be read"):
        FolderSource(registry, hazard=Refuse(0, errno.EHOSTUNREACH)).find("pets", None)
    full = HazardousFilesystem(RealFilesystem(), Refuse(0, errno.ENOSPC, 9, frozenset({"append"})))
    with pytest.raises(StoreError, match="No space left"):
        fetch(FolderSource(registry, full), tmp_path / "to")
