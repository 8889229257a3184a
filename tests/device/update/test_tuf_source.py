"""A device and an honest registry."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.attacks.conftest import _no_power_cuts, device, registry, server
from tests.attacks.devices import Device
from tests.attacks.registry import Registry, bundle, digest
from tests.attacks.server import Server, breaking_off, status

from sagui.device.errors import DistrustError, SourceAwayError, SourceError, StoreError
from sagui.device.store.filesystem import RealFilesystem
from sagui.device.update.limits import Limits
from sagui.device.update.source import Candidate, Source
from sagui.device.update.tuf_source import LOCK, TufSource

__all__ = ["_no_power_cuts", "device", "registry", "server"]  # fixtures

NEW = bundle(0)[:30_000] + b"a new head" + bundle(0)[30_000:]


def installed(device: Device) -> Path:
    """Version 1.0.0, as the device keeps it."""
    path = device.folder / "1.0.0.sagui"
    path.write_bytes(bundle(0))
    return path


def test_it_is_a_source(device: Device) -> None:
    source: Source = device.source()
    assert source.find("pets", None).model == "pets"


def test_the_latest_is_found_and_any_other_by_its_version(registry: Registry, device: Device) -> None:
    registry.publish("pets", "1.1.0", NEW)
    assert device.find() == Candidate("pets", "1.1.0", digest(NEW), len(NEW))
    assert device.find("1.0.0") == Candidate("pets", "1.0.0", digest(bundle(0)), len(bundle(0)))
    assert device.find(model="cats").version == "9.0.0"


def test_what_is_not_there_is_said_with_what_is(registry: Registry, device: Device) -> None:
    registry.publish("pets", "1.1.0", NEW)
    with pytest.raises(SourceError, match=r"pets 9\.9\.9 is not in the registry; the newest are 1\.0\.0, 1\.1\.0"):
        device.find("9.9.9")
    with pytest.raises(SourceError, match="has no model 'dogs'"):
        device.find(model="dogs")


@pytest.mark.parametrize("name", ["", ".", "..", "../pets", "pets/index.json", "a" * 300, "p\nets", "\0"])
def test_any_name_is_merely_not_there(name: str, device: Device) -> None:
    with pytest.raises(SourceError, match="has no model"):
        device.find(model=name)


def test_a_bundle_comes_whole(registry: Registry, device: Device) -> None:
    registry.publish("pets", "1.1.0", NEW)
    assert device.update().read_bytes() == NEW
    assert device.told[-1] == (len(NEW), len(NEW))


def test_a_bundle_that_is_there_is_not_fetched(server: Server, device: Device) -> None:
    before = len(server.ranges("1.0.0.sagui"))
    device.update("1.0.0")
    assert len(server.ranges("1.0.0.sagui")) == before


def test_a_name_with_a_plus_in_its_version_is_found(registry: Registry, device: Device) -> None:
    registry.publish("pets", "1.1.0+pi5", NEW)
    registry.files |= {path.replace("+", "%2B"): content for path, content in registry.files.items()}
    assert device.update().read_bytes() == NEW


def test_a_patch_is_the_way_where_there_is_one(registry: Registry, server: Server, device: Device) -> None:
    registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    path = device.update(have=installed(device))
    assert path.read_bytes() == NEW
    assert server.ranges(".zst") == [None]
    assert not server.ranges("pets-1.1.0.sagui")
    assert device.told[-1][1] < 1000
    assert device.left() == sorted([path.name, f"{digest(bundle(0))}.sagui"])


def test_what_was_begun_of_the_whole_is_removed_after_a_patch(
    registry: Registry, server: Server, device: Device
) -> None:
    registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    server.answers["1.1.0.sagui"] = breaking_off(10)
    with pytest.raises(SourceError, match="broke off"):
        device.update()
    assert any(name.endswith(".part") for name in device.left())
    path = device.update(have=installed(device))
    assert device.left() == sorted([path.name, f"{digest(bundle(0))}.sagui"])


def test_a_patch_from_another_bundle_is_left(registry: Registry, server: Server, device: Device) -> None:
    registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    have = installed(device)
    have.write_bytes(b"something else")
    assert device.update(have=have).read_bytes() == NEW
    assert not server.ranges(".zst")


def test_a_bundle_that_is_gone_from_the_device_needs_the_whole(registry: Registry, device: Device) -> None:
    registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    assert device.update(have=device.folder / "gone.sagui").read_bytes() == NEW


def test_a_patch_is_not_begun_when_little_of_the_whole_is_left(
    registry: Registry, server: Server, device: Device
) -> None:
    one = registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    server.answers["1.1.0.sagui"] = breaking_off(len(NEW) - one.patches[0].bytes + 1)
    with pytest.raises(SourceError, match="broke off"):
        device.update()
    server.answers.clear()
    device.update(have=installed(device))
    assert not server.ranges(".zst")
    assert len(server.ranges("1.1.0.sagui")) == 2


def test_two_bundles_too_large_for_the_memory_are_not_patched(
    registry: Registry, server: Server, device: Device
) -> None:
    registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    device.update(have=installed(device), limits=Limits(patch_bytes=50_000))
    assert not server.ranges(".zst")


def test_a_bundle_too_large_for_the_device_is_not_fetched(registry: Registry, device: Device) -> None:
    with pytest.raises(SourceError, match="has 40000 bytes; 39999 are fetched at most"):
        device.find(limits=Limits(bundle_bytes=39_999))


def test_a_download_goes_on_in_the_next_process(registry: Registry, server: Server, device: Device) -> None:
    registry.publish("pets", "1.1.0", NEW)
    server.answers["1.1.0.sagui"] = breaking_off(25_000)
    with pytest.raises(SourceError, match="broke off"):
        device.update()
    server.answers.clear()
    assert device.update().read_bytes() == NEW
    assert server.ranges("1.1.0.sagui") == [None, "bytes=25000-"]


def test_a_candidate_of_an_earlier_process_is_looked_for_anew(registry: Registry, device: Device) -> None:
    candidate = device.find()
    to = device.folder / "new.sagui"
    device.source().fetch(candidate, to, None, lambda *_: None)
    assert to.read_bytes() == bundle(0)
    with pytest.raises(DistrustError, match="another bundle than it was"):
        device.source().fetch(Candidate("pets", "1.0.0", "0" * 64, 40_000), to, None, lambda *_: None)


def test_a_registry_on_a_card_is_as_good(registry: Registry, device: Device, tmp_path: Path) -> None:
    registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    card = tmp_path / "a card"
    for path, content in registry.files.items():
        (card / path).parent.mkdir(parents=True, exist_ok=True)
        (card / path).write_bytes(content)
    device.url = card.as_uri()
    assert device.update(have=installed(device)).read_bytes() == NEW
    device.url = (tmp_path / "empty").as_uri()
    with pytest.raises(SourceError, match=r"is no registry: timestamp\.json is not there"):
        device.find()


def test_two_programs_do_not_ask_at_once(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.device.update.tuf_source._PATIENCE_S", 0.1)
    held = RealFilesystem().lock(device.folder / "registry" / LOCK, 1)
    with held, pytest.raises(SourceAwayError, match="another program asks a registry"):
        device.find()
    assert device.find().version == "1.0.0"


@pytest.mark.parametrize("root", [b"", b"{}", b"\xff", b"<html>"])
def test_a_root_that_is_none_is_refused(root: bytes, device: Device) -> None:
    device.trusted = root
    with pytest.raises(DistrustError, match="the root that this device should trust is none"):
        device.find()


def test_a_registry_that_has_lost_a_file_is_said(server: Server, device: Device) -> None:
    server.answers["index.json"] = status(404)
    with pytest.raises(SourceError, match=r"index\.json is not there \(HTTP 404\)"):
        device.find()


def test_a_folder_that_cannot_be_written_is_said(registry: Registry, server: Server, tmp_path: Path) -> None:
    (tmp_path / "registry").write_bytes(b"a file is in the way")
    with pytest.raises(StoreError, match="File exists"):
        Device(server, registry.trusted, tmp_path).find()


def test_what_was_seen_is_on_the_disk_before_anything_is_answered(registry: Registry, device: Device) -> None:
    class Disk(RealFilesystem):
        synced: list[str] = []  # noqa: RUF012 (one for this test)

        def sync(self, path: Path) -> None:
            super().sync(path)
            self.synced.append(path.name)

    TufSource(device.url, device.trusted, device.folder / "registry", files=Disk()).find("pets", None)
    assert {"timestamp.json", "snapshot.json", "targets.json", "pets.json", "1.root.json", "registry"} <= {*Disk.synced}


def test_the_agent_does_not_load_tuf_without_need() -> None:
    code = "import sys; import sagui.device.update.trust; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tuf", "zstandard", "securesystemslib"} & {name.partition(".")[0] for name in done.stdout.split()}
