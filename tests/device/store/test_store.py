import errno
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from tests.torture.device import make_bundle

from sagui.device.errors import SourceError, StoreError
from sagui.device.store import Held, Ledger, Store
from sagui.device.store import ledger as rules
from sagui.device.store import store as stores
from sagui.device.store.filesystem import RealFilesystem
from sagui.device.store.hazardous import HazardousFilesystem
from sagui.device.store.hazards import Refuse
from sagui.device.store.volatile import Loss, VolatileFilesystem


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def store(tmp_path: Path, told: Told) -> Store:
    return Store(tmp_path / "models", tell=told)


def held(content: bytes, version: str = "1.0.0", model: str = "pets") -> Held:
    return Held(model=model, version=version, sha256=sha256(content).hexdigest(), bytes=len(content))


def fetched(store: Store, content: bytes) -> Path:
    """A file as a source leaves it."""
    path = store.incoming(sha256(content).hexdigest())
    path.write_bytes(content)
    return path


def installed(store: Store, version: str) -> Held:
    content = make_bundle(version)
    one = held(content, version)
    store.stage(fetched(store, content), one, "person")
    store.change(rules.activate)
    store.change(rules.confirm)
    return one


def objects(store: Store) -> set[str]:
    return {path.stem for path in (store.folder / "objects").iterdir()}


def test_a_device_without_updates_has_an_empty_ledger_and_no_folder(store: Store) -> None:
    assert store.ledger() == Ledger()
    assert not store.folder.exists()


def test_what_is_staged_is_whole_and_where_the_ledger_says(store: Store) -> None:
    content = make_bundle("1.0.0")
    ledger = store.stage(fetched(store, content), held(content), "plan", "r1")
    assert ledger == store.ledger()
    assert ledger.staged is not None
    assert store.is_whole(ledger.staged.held)
    assert store.path(ledger.staged.held).read_bytes() == content
    assert list((store.folder / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said", "words"),
    [
        (make_bundle("1.0.0")[:-1], held(make_bundle("1.0.0")), "what came is not what was promised"),
        (make_bundle("1.1.0"), held(make_bundle("1.0.0")), "what came is not what was promised"),
        (b"no bundle", held(b"no bundle"), "not a bundle"),
        (make_bundle("1.1.0"), held(make_bundle("1.1.0"), "1.0.0"), "says of itself that it is pets 1.1.0"),
        (make_bundle("1.0.0"), held(make_bundle("1.0.0"), model="cells"), "says of itself that it is pets"),
    ],
    ids=["cut short", "another file", "no bundle", "another version", "another model"],
)
def test_what_is_not_what_it_should_be_is_refused_and_removed(
    store: Store, content: bytes, said: Held, words: str
) -> None:
    path = fetched(store, content)
    with pytest.raises(SourceError, match=words):
        store.stage(path, said, "plan")
    assert not path.exists()
    assert store.ledger() == Ledger()


def test_objects_that_no_slot_names_are_removed(store: Store) -> None:
    installed(store, "1.0.0")
    middle, newest = installed(store, "1.1.0"), installed(store, "1.2.0")
    store.sweep()
    assert objects(store) == {middle.sha256, newest.sha256}


def test_a_staged_model_is_replaced_by_another_one_and_its_file_goes(store: Store) -> None:
    for version in ("1.0.0", "1.1.0"):
        content = make_bundle(version)
        store.stage(fetched(store, content), held(content, version), "plan")
    assert objects(store) == {sha256(make_bundle("1.1.0")).hexdigest()}


def test_what_was_on_its_way_goes_when_another_one_comes(store: Store) -> None:
    (first := store.incoming("a" * 64)).write_bytes(b"half")
    part = first.with_name(f"{first.name}.part")
    part.write_bytes(b"half")
    assert store.incoming("a" * 64).exists()
    store.incoming("b" * 64)
    assert not first.exists()
    assert not part.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"v": 2}', b'{"current": 7}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_ledger_is_set_aside_and_said(store: Store, told: Told, content: bytes) -> None:
    installed(store, "1.0.0")
    (store.folder / "ledger.json").write_bytes(content)
    assert store.ledger() == Ledger()
    assert store.damaged
    assert "set aside as ledger.damaged.json" in told.lines[0]
    assert (store.folder / "ledger.damaged.json").read_bytes() == content
    assert store.ledger() == Ledger(), "and it is said once"
    assert len(told.lines) == 1


def test_a_file_that_rots_is_not_whole(store: Store) -> None:
    one = installed(store, "1.0.0")
    content = bytearray(store.path(one).read_bytes())
    content[100] ^= 1
    store.path(one).write_bytes(content)
    assert not store.is_whole(one)
    store.path(one).unlink()
    assert not store.is_whole(one)


def test_too_little_room_is_said_in_numbers(store: Store) -> None:
    store.make_room(1024)
    with pytest.raises(StoreError, match=r"MiB are free; the new model needs \d+\.0 MiB, and 16 MiB must stay free"):
        store.make_room(1 << 50)


@pytest.mark.parametrize(
    ("error", "words"), [(errno.ENOSPC, "remove something"), (errno.EROFS, "mount it writable"), (errno.EIO, "replace")]
)
def test_a_disk_that_refuses_leaves_the_ledger_as_it_was_and_says_what_to_do(
    store: Store, error: int, words: str
) -> None:
    one = installed(store, "1.0.0")
    sick = Store(store.folder, HazardousFilesystem(RealFilesystem(), Refuse(0, error, 100, frozenset({"write"}))))
    with pytest.raises(StoreError, match=words):
        sick.change(lambda ledger: rules.revert(ledger, "no"))
    assert store.ledger().current == one
    assert not sick.is_writable()
    assert store.is_writable()


def test_a_read_that_fails_once_is_tried_again(store: Store) -> None:
    one = installed(store, "1.0.0")
    for call in ("read", "size"):
        stumbling = HazardousFilesystem(RealFilesystem(), Refuse(0, errno.EIO, 1, frozenset({call})))
        assert Store(store.folder, stumbling).is_whole(one)


def test_another_program_that_holds_the_store_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "PATIENCE_S", 0.0)
    installed(store, "1.0.0")
    with RealFilesystem().lock(store.folder / "lock", 0.0), pytest.raises(StoreError, match="another program holds"):
        store.change(rules.confirm)
    with store.fetching(), pytest.raises(StoreError, match="fetches a model just now"), store.fetching():
        pass
    with store.fetching():
        assert store.is_writable(), "fetching keeps nobody from the ledger"


@pytest.mark.parametrize("loss", ["content", "names", "oldest names"])
def test_what_was_done_survives_a_power_cut(store: Store, loss: Loss) -> None:
    disk = VolatileFilesystem(RealFilesystem())
    one = installed(Store(store.folder, disk), "1.0.0")
    disk.cut(loss)
    assert store.ledger().current == one
    assert store.is_whole(one)


COUNT = """
import sys
from pathlib import Path
from sagui.device.store import Store, store
from sagui.device.store.ledger import try_staged

store.PATIENCE_S = 100.0  # who releases the lock may well have it again before another looks
for _ in range(20):
    Store(Path(sys.argv[1])).change(try_staged)
"""


def test_changes_of_several_processes_are_all_there(store: Store) -> None:
    content = make_bundle("1.0.0")
    store.stage(fetched(store, content), held(content), "person")
    others = [subprocess.Popen([sys.executable, "-c", COUNT, store.folder]) for _ in range(3)]
    assert [one.wait(120) for one in others] == [0, 0, 0]
    staged = store.ledger().staged
    assert staged is not None
    assert staged.tries == 60


def test_a_ledger_is_for_people_too(store: Store) -> None:
    installed(store, "1.0.0")
    text = (store.folder / "ledger.json").read_text()
    assert json.loads(text)["current"]["version"] == "1.0.0"
    assert '\n  "current": {' in text


def test_nothing_is_written_that_could_not_be_read_again(store: Store) -> None:
    one = installed(store, "1.0.0")
    with pytest.raises(StoreError, match="would not be read again"):
        store.change(lambda ledger: rules.stage(ledger, one, "person", "NO ROLLOUT"))
    assert store.ledger().current == one
