"""`sagui update`, as a person on the device types it."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from paho.mqtt import publish
from tests.device.running import Agent, Reader
from tests.device.update.signing import Registry

from sagui.device.errors import ConfigError, SourceError, StoreError, UpdateError
from sagui.device.store import Held, Ledger, Store, store_folder
from sagui.device.store import ledger as ledgers
from sagui.device.update import place as places
from sagui.device.update.by_hand import wait_for
from sagui.device.update.command import update
from sagui.device.update.place import find_place
from sagui.device.update.said import LastWord
from sagui.device.update.source import Candidate
from sagui.device.update.status import ago
from sagui.wire import UpdateState, decode, timestamp

Ask = Callable[..., Result]
Write = Callable[..., Path]
Eventually = Callable[..., bool]

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def ask(settings_file: Write) -> Ask:
    """Types a command; the settings name a registry and its root."""
    path = settings_file()

    def type_it(*words: object, config: bool = True) -> Result:
        more = ["--config", str(path)] if config else []
        return CliRunner().invoke(update, [*map(str, words), *more])

    return type_it


def refusal(result: Result) -> str:
    """The one line that the command line would show."""
    assert isinstance(result.exception, UpdateError | ConfigError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def status(ask: Ask) -> UpdateState:
    done = ask("status", "--json")
    assert done.exit_code == 0, done.exception
    assert len(done.output.splitlines()) == 1
    return decode(done.output.encode(), UpdateState)


def test_a_device_that_was_never_updated_tells_what_it_runs(ask: Ask) -> None:
    assert ask("status").output.splitlines() == ["toy 1.0.0: idle", "  follows    all"]
    told = status(ask)
    assert (told.model, told.installed_version, told.phase, told.in_progress) == ("toy", "1.0.0", "idle", False)


def test_a_version_is_fetched_checked_and_staged_while_no_agent_runs(ask: Ask) -> None:
    done = ask("install")
    assert done.exit_code == 0, done.exception
    lines = done.output.splitlines()
    assert (lines[0], lines[-2]) == ("announced", "verified")
    assert lines[-1] == "toy 1.1.0 is staged; the agent tries it as soon as it runs: sagui update status"
    told = status(ask)
    assert (told.phase, told.installed_version, told.latest_version) == ("staged", "1.0.0", "1.1.0")
    assert "  to come    1.1.0, asked for by a person" in ask("status").output
    assert ask("revert").output.startswith("what was staged is dropped; toy 1.0.0 is at work")
    assert status(ask).phase == "idle"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("toy==9.9.9",), r"toy 9\.9\.9 is not in the registry"),
        (("cats",), r"has no model 'cats'"),
        (("--registry", "file:///nowhere"), r"file:///nowhere is no registry"),
        (("--registry", "ftp://x/y"), r"ftp"),
        (("--root", "/nowhere/root.json"), r"^/nowhere/root.json: the trusted root cannot be read: No such file"),
    ],
)
def test_what_cannot_be_had_is_refused_in_one_line(ask: Ask, words: tuple[str, ...], said: str) -> None:
    assert re.search(said, refusal(ask("install", *words)))
    assert status(ask).phase == "idle"


def test_what_is_at_work_already_is_no_error(ask: Ask) -> None:
    done = ask("install", "toy==1.0.0")
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "toy 1.0.0 is at work already")


def test_another_ones_keys_are_named_as_such(ask: Ask, tmp_path: Path, make_bundle: Write) -> None:
    other = Registry(tmp_path / "other")
    other.publish(make_bundle("1.1.0"))
    assert "wrong key" in refusal(ask("install", "--registry", other.url))


def test_unsigned_bundles_are_for_devices_without_a_root(ask: Ask, make_bundle: Write, tmp_path: Path) -> None:
    new, old = make_bundle("1.1.0"), make_bundle("1.0.0")
    assert "this device trusts a registry's keys" in refusal(ask("install", "--unsigned", new))
    bare = ("--device", "bare", "--model", old, "--state", tmp_path / "bare")
    done = ask("install", "--unsigned", new, *bare, config=False)
    assert done.exit_code == 0, done.exception
    assert "toy 1.1.0 is staged" in done.output
    assert "whom to trust? give --root FILE" in refusal(ask("install", "--registry", "file:///x", *bare, config=False))
    assert "where from? give --registry URL" in refusal(ask("install", *bare, config=False))
    assert ask("install", "toy", "--unsigned", new, config=False).exit_code == 2
    broken = tmp_path / "broken.sagui"
    broken.write_bytes(new.read_bytes()[:-9])
    with pytest.raises(SourceError, match=r"broken\.sagui"):
        raise ask("install", "--unsigned", broken, *bare, config=False).exception or AssertionError
    cats = make_bundle("2.0.0", name="cats")
    assert "cats is another model than toy" in refusal(ask("install", "--unsigned", cats, *bare, config=False))


def test_an_older_version_is_refused_and_one_that_failed(ask: Ask, make_bundle: Write, tmp_path: Path) -> None:
    bare = ("--device", "bare", "--model", make_bundle("1.1.0"), "--state", tmp_path / "bare")
    older = ask("install", "--unsigned", make_bundle("1.0.0"), *bare, config=False)
    assert "1.1.0; only a revert goes back" in refusal(older)
    held = Held(model="toy", version="1.2.0", sha256="0" * 64, bytes=1)
    Store(store_folder(tmp_path / "bare")).change(lambda ledger: ledgers.refuse(ledger, held, "it was slow"))
    failed = ask("install", "--unsigned", make_bundle("1.2.0"), *bare, config=False)
    assert "1.2.0 was tried and did not do" in refusal(failed)
    assert "  failed     1.2.0: it was slow" in ask("status", *bare, config=False).output


def test_a_version_that_a_person_took_back_is_said_to_be_taken_back(ask: Ask, state: Path) -> None:
    assert ask("install").exit_code == 0
    Store(store_folder(state)).change(ledgers.activate)
    assert ask("revert").exit_code == 0
    again = refusal(ask("install"))
    assert again == "1.1.0 was taken back here, and is not taken again; publish it as another version"
    told = ask("status").output
    assert "  taken back 1.1.0: taken back by a person" in told
    assert "failed" not in told


def word(**changes: Any) -> UpdateState:
    fields: dict[str, Any] = {"model": "toy", "installed_version": "1.0.0", "in_progress": False, "phase": "waiting"}
    return UpdateState(**({"time": timestamp(0.0), "error": "no answer", "groups": ("all",)} | fields | changes))


def test_what_the_agent_says_over_mqtt_is_said_here_while_it_runs(ask: Ask, state: Path) -> None:
    agent = LastWord(store_folder(state))
    agent.keep(word(rollout="monday", latest_version="1.1.0"))
    told = status(ask)
    assert (told.phase, told.error, told.rollout, told.latest_version) == ("waiting", "no answer", "monday", "1.1.0")
    assert ask("status").output.splitlines()[:2] == ["toy 1.0.0: waiting", "  why        no answer"]
    agent.keep(word(phase="announced", error=None))
    assert status(ask).in_progress
    agent.close()
    assert status(ask).phase == "idle"


def test_the_last_word_of_an_agent_that_does_not_run_is_said_with_its_age(ask: Ask, state: Path) -> None:
    agent = LastWord(store_folder(state))
    agent.keep(word())
    agent.close()
    lines = ask("status").output.splitlines()
    assert lines[0] == "toy 1.0.0: idle"
    assert re.fullmatch(r"  agent      does not run; [0-9]+ days ago it said waiting: no answer", lines[1])


def test_an_older_word_than_the_ledger_is_not_repeated(ask: Ask, state: Path) -> None:
    agent = LastWord(store_folder(state))
    agent.keep(word())
    assert ask("install").exit_code == 0
    assert status(ask).phase == "staged"
    agent.keep(word(error="the hours for updates are 22:00-04:00"))
    assert (status(ask).phase, status(ask).installed_version) == ("waiting", "1.0.0")
    Store(store_folder(state)).change(ledgers.activate)
    agent.keep(word(installed_version="1.1.0", error="the disk is full"))
    assert (status(ask).phase, status(ask).error) == ("activated", "the disk is full"), "it is on trial all the same"
    agent.keep(word(installed_version="0.9.0"))
    assert (status(ask).phase, status(ask).error) == ("activated", None), "another model than is to run"
    agent.close()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"v": 9}', b"\xff", b"[" * 5000])
def test_a_word_that_cannot_be_read_is_left(ask: Ask, state: Path, content: bytes) -> None:
    agent = LastWord(store_folder(state))
    agent.keep(word())
    (store_folder(state) / "said.json").write_bytes(content)
    assert status(ask).phase == "idle"
    agent.close()


def test_a_word_is_written_when_it_changes_and_not_for_each_percent(state: Path) -> None:
    agent, path = LastWord(store_folder(state)), store_folder(state) / "said.json"
    agent.keep(word(phase="idle", error=None))
    assert not path.exists(), "a device that is never updated writes nothing"
    agent.keep(word(phase="downloading", error=None, update_percentage=1))
    first = path.stat().st_ino
    agent.keep(word(phase="downloading", error=None, update_percentage=2))
    assert path.stat().st_ino == first
    agent.keep(word(phase="idle", error=None))
    assert path.stat().st_ino != first
    agent.close()


@pytest.mark.parametrize(
    ("age_s", "said"),
    [(-1, "some time"), (0, "just now"), (119, "119 s"), (120, "2 min"), (9000, "2 h"), (1e6, "11 days")],
)
def test_an_age_is_told_in_whole_numbers(age_s: float, said: str) -> None:
    assert ago(timestamp(1000.0), 1000.0 + age_s).startswith(said)
    assert ago("2026-99-99T00:00:00.000Z", 0.0) == "some time ago"


def test_a_plain_file_can_be_told_of_but_not_updated(ask: Ask, make_bundle: Write, tmp_path: Path) -> None:
    bare = ("--device", "bare", "--model", tmp_path / "gone.tflite", "--state", tmp_path / "bare")
    told = ask("status", *bare, config=False)
    assert "no bundle (.sagui) that can be read; nothing else can be updated" in told.output
    new = make_bundle("1.1.0")
    assert "plain TFLite file" in refusal(ask("install", "--unsigned", new, *bare, config=False))


def test_there_may_be_nothing_to_go_back_to(ask: Ask) -> None:
    assert "there is none before it" in refusal(ask("revert"))


@pytest.mark.parametrize(
    ("words", "said"), [((), "whose model"), (("--device", "porch"), "name no model"), (("--config", "/x"), "/x")]
)
def test_a_device_must_be_named(words: tuple[str, ...], said: str) -> None:
    assert said in refusal(CliRunner().invoke(update, ["status", *words]))


@pytest.mark.parametrize("what", ["toy=", "toy==", "==1.0.0", "toy=1.0.0", ""])
def test_what_is_no_name_and_version_is_wrong_usage(ask: Ask, what: str) -> None:
    assert ask("install", what).exit_code == 2


def test_root_leaves_no_files_in_the_agents_folder(
    settings_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "theirs"
    state.mkdir()
    about, real = os.stat_result((0o40755, 1, 1, 1, 1234, 1234, 0, 0, 0, 0)), Path.stat
    monkeypatch.setattr(Path, "stat", lambda self, **more: about if self == state else real(self, **more))
    monkeypatch.setattr(places, "geteuid", lambda: 0)
    with pytest.raises(StoreError, match=r"theirs is the agent's; run it as its user: sudo -u '#1234' sagui update"):
        find_place(settings_file(), {}, {}, state)


def test_the_services_folder_is_found_without_systemd(
    settings_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "SERVICE_STATE", tmp_path / "var")
    home = {"HOME": str(tmp_path / "home")}
    assert find_place(settings_file(), {}, home).state == tmp_path / "home/.local/state/sagui/porch"
    (tmp_path / "var" / "porch").mkdir(parents=True)
    assert find_place(settings_file(), {}, home).state == tmp_path / "var/porch"
    assert find_place(settings_file(), {}, home | {"STATE_DIRECTORY": "/x"}).state == Path("/x/porch")


HELD = Held(model="toy", version="1.1.0", sha256="1" * 64, bytes=1)
OURS = Candidate("toy", "1.1.0", HELD.sha256, 1)
TRIAL = ledgers.activate(ledgers.stage(Ledger(), HELD, "person"))


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (ledgers.confirm(TRIAL), None),
        (ledgers.revert(TRIAL, "it was slow"), r"toy 1\.1\.0 was taken back: it was slow"),
        (ledgers.refuse(ledgers.stage(Ledger(), HELD, "person"), HELD, "no"), r"toy 1\.1\.0 was not put to work: no"),
        (Ledger(), r"toy 1\.1\.0 was dropped"),
        (TRIAL, r"not confirmed within 30 s, its phase is activated; is the agent running"),
    ],
)
def test_waiting_ends_with_the_update(settings_file: Write, ends: Ledger, said: str | None) -> None:
    place = find_place(settings_file(), {}, os.environ)
    place.store.change(lambda _: ledgers.stage(Ledger(), HELD, "person"))
    told, looks = list[str](), [TRIAL, TRIAL, ends]
    seconds = iter(range(100))

    def rest(_seconds: float) -> None:
        after = looks.pop(0) if looks else ends
        place.store.change(lambda _: after)

    def wait() -> None:
        wait_for(place, OURS, 30.0, lambda phase, _: told.append(phase), rest, lambda: float(next(seconds)))

    if said is None:
        wait()
        assert told == ["staged", "activated", "confirmed"]
    else:
        with pytest.raises(UpdateError, match=said):
            wait()


def test_every_command_explains_itself() -> None:
    assert isinstance(update, click.Group)
    for name in update.commands:
        assert CliRunner().invoke(update, [name, "--help"]).exit_code == 0


def test_a_refused_plan_is_seen_on_the_device_as_over_mqtt(
    ask: Ask, settings_file: Write, start: Callable[..., Agent], reader: Reader, eventually: Eventually, mosquitto: Any
) -> None:
    start("--config", settings_file())
    assert eventually(lambda: len(reader.results()) > 3)
    order = b'{"order": "install", "version": "9.9.9"}'
    publish.single("sagui/porch/update/set", order, qos=1, hostname="127.0.0.1", port=mosquitto.port)
    assert eventually(lambda: status(ask).phase == "failed")
    told = status(ask)
    assert "toy 9.9.9 is not in the registry" in (told.error or "")
    assert (told.installed_version, told.latest_version) == ("1.0.0", "1.0.0")

    def said() -> UpdateState:
        return decode(reader.payloads("sagui/porch/update/state")[-1], UpdateState)

    assert eventually(lambda: said().phase == "failed")  # it is on its way
    assert said().error == told.error


def test_with_an_agent_at_work_it_waits_for_the_end_and_goes_back(
    ask: Ask, settings_file: Write, start: Callable[..., Agent], reader: Reader, eventually: Eventually, mosquitto: Any
) -> None:
    assert mosquitto
    start("--config", settings_file())
    assert eventually(lambda: len(reader.results()) > 3)
    done = ask("install", "toy==1.1.0", "--wait", "--timeout", "60")
    assert done.exit_code == 0, done.exception
    assert done.output.splitlines()[-1] == "toy 1.1.0 is at work, and confirmed"
    assert "activated" in done.output.splitlines()
    assert status(ask).phase == "confirmed"
    assert eventually(lambda: bool(reader.results()) and reader.results()[-1].model.version == "1.1.0")
    assert "  before     1.0.0; sagui update revert goes back" in ask("status").output
    assert ask("revert").output.startswith("toy 1.1.0 is taken back; toy 1.0.0 is at work")
    assert eventually(lambda: reader.results()[-1].model.version == "1.0.0")
    last = json.loads(reader.payloads("sagui/porch/update/state")[-1])
    assert eventually(lambda: json.loads(reader.payloads("sagui/porch/update/state")[-1])["phase"] == "reverted"), last
    assert "taken back by a person" in ask("status").output
