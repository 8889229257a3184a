from pathlib import Path

import pytest
from tests.device.update.rig import Rig

from sagui.device.errors import StoreError
from sagui.device.store import Held, Ledger, Store
from sagui.device.store.filesystem import RealFilesystem
from sagui.device.store.hazardous import WRITES, HazardousFilesystem
from sagui.device.store.hazards import Refuse
from sagui.device.update.boot import Base, begin, choose, load_failed


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.fixture
def on_trial(rig: Rig) -> Rig:
    """The new model is put to work, and was not started yet."""
    rig.plan()
    for _ in range(10):
        rig.updater.tick()
        if rig.again:
            return rig
    pytest.fail("it was not put to work")


def test_without_a_store_the_settings_model_runs(rig: Rig) -> None:
    boot = rig.start()
    assert (boot.held, boot.path, boot.version, boot.trial, boot.notes) == (None, rig.base.path, "1.0.0", False, ())


def test_a_model_on_trial_has_its_start_counted_before_it_is_loaded(on_trial: Rig) -> None:
    boot = on_trial.start()
    assert (boot.version, boot.trial) == ("1.1.0", True)
    trial = on_trial.ledger.trial
    assert trial is not None
    assert trial.starts == 1


def test_a_model_that_crashes_each_start_is_taken_back(on_trial: Rig) -> None:
    versions = [on_trial.start().version for _ in range(6)]
    assert versions == ["1.1.0", "1.1.0", "1.1.0", "1.0.0", "1.0.0", "1.0.0"]
    assert on_trial.ledger.failed_versions("pets") == {"1.1.0"}


def test_the_start_that_goes_back_says_so(on_trial: Rig) -> None:
    boots = [on_trial.start() for _ in range(5)]
    assert [boot.reverted for boot in boots] == [*[None] * 3, "it was started 3 times and never stayed", None]
    assert boots[3].notes == ("pets 1.1.0 is reverted: it was started 3 times and never stayed",)
    assert on_trial.tick().phase == "reverted"


def test_a_model_that_cannot_be_loaded_is_taken_back_at_once(on_trial: Rig) -> None:
    on_trial.start()
    load_failed(on_trial.store, "golden frame 2 differs")
    assert on_trial.start().version == "1.0.0"
    last = on_trial.tick()
    assert (last.phase, last.error, last.rollout) == ("reverted", "golden frame 2 differs", "r1")


def test_nothing_is_taken_back_when_nothing_is_on_trial(on_trial: Rig) -> None:
    on_trial.start()
    on_trial.tick(20)
    load_failed(on_trial.store, "the camera is away")
    assert on_trial.start().version == "1.1.0"


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PK")])
def test_a_current_model_that_is_not_whole_gives_way_to_the_one_before(on_trial: Rig, damage: object) -> None:
    on_trial.tick(20)
    held = on_trial.ledger.current
    assert held is not None
    damage(on_trial.store.path(held))  # type: ignore[operator]
    boot = on_trial.start()
    assert boot.version == "1.0.0"
    assert "is damaged or gone" in (boot.reverted or "")
    assert on_trial.ledger.failed == (), "it is the disk's fault, and it may come again"
    on_trial.plan(revision=5)
    assert on_trial.tick(20).installed_version == "1.1.0"


def test_a_start_that_cannot_be_counted_runs_the_model_before(on_trial: Rig) -> None:
    full = Store(on_trial.store.folder, HazardousFilesystem(RealFilesystem(), Refuse(0, 28, 1000, WRITES)))
    boot = begin(full, on_trial.base)
    assert (boot.version, boot.trial, boot.stale) == ("1.0.0", False, True)
    assert "can be counted" in boot.notes[0]
    assert on_trial.ledger.trial is not None, "nothing was written"


def test_a_store_that_cannot_be_read_leaves_the_settings_model(on_trial: Rig) -> None:
    sick = Store(on_trial.store.folder, HazardousFilesystem(RealFilesystem(), Refuse(0, 5, 1000)))
    boot = begin(sick, on_trial.base)
    assert (boot.held, boot.stale) == (None, True)
    assert "the settings' model runs" in boot.notes[0]


def test_load_failed_says_when_it_could_not_write(on_trial: Rig) -> None:
    full = Store(on_trial.store.folder, HazardousFilesystem(RealFilesystem(), Refuse(0, 28, 1000, WRITES)))
    with pytest.raises(StoreError, match="No space left"):
        load_failed(full, "no")


def test_a_damaged_ledger_runs_the_settings_model_and_keeps_the_files(on_trial: Rig) -> None:
    on_trial.start()
    (on_trial.store.folder / "ledger.json").write_text("{")
    on_trial.store = Store(on_trial.store.folder)
    boot = on_trial.start()
    assert boot.version == "1.0.0"
    assert "damaged" in boot.notes[0]
    assert any((on_trial.store.folder / "objects").iterdir())
    assert on_trial.tick(20).installed_version == "1.1.0", "the plan brings it again"
    assert on_trial.fetched == ["1.1.0"], "without fetching it again"


def base(model: str | None, version: str | None) -> Base:
    return Base(Path("settings.sagui"), model, version)


def test_the_settings_win_with_another_name_or_a_newer_version() -> None:
    held = Held(model="pets", version="1.1.0", sha256="0" * 64, bytes=1)
    ledger = Ledger(current=held)
    assert choose(ledger, base("pets", "1.0.0")) == held
    assert choose(ledger, base("pets", "1.1.0")) == held
    assert choose(ledger, base("pets", "1.2.0")) is None
    assert choose(ledger, base("cells", "1.0.0")) is None
    assert choose(ledger, base(None, None)) is None


def test_a_newer_settings_model_ends_a_trial_without_a_word_against_it(on_trial: Rig) -> None:
    on_trial.publish("2.0.0")
    on_trial.settings = "2.0.0"
    assert on_trial.start().version == "2.0.0"
    assert (on_trial.ledger.trial, on_trial.ledger.failed) == (None, ())
    assert on_trial.tick(10).phase == "idle"
