"""Settings at the start, and again while the agent runs."""

from pathlib import Path

import pytest

from sagui.device.config.keys import keys
from sagui.device.config.load import Changes, applied, changes, is_live, load_settings, reload, require
from sagui.device.config.merge import merge
from sagui.device.config.read import parse_settings
from sagui.device.config.settings import Settings
from sagui.device.errors import ConfigError

ENOUGH = 'device = "porch"\nmodel = "m.sagui"\n[broker]\nurl = "mqtt://b"\n[camera]\nspec = "usb:0"\n'


def settings_of(text: str) -> Settings:
    return merge(parse_settings(text.encode(), "x"), {})


def test_the_default_file_is_read_if_it_exists(tmp_path: Path) -> None:
    default, other = tmp_path / "agent.toml", tmp_path / "other.toml"
    assert load_settings(None, {}, default=default) == Settings()
    default.write_text("threads = 2")
    other.write_text("threads = 3")
    assert load_settings(None, {}, default=default).threads == 2
    assert load_settings(other, {}, default=default).threads == 3
    assert load_settings(other, {"SAGUI_THREADS": "4"}, default=default).threads == 4
    assert load_settings(other, {"SAGUI_THREADS": "4"}, {"threads": 5}, default=default).threads == 5


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_settings(tmp_path / "none.toml", {})


def test_a_start_needs_enough() -> None:
    settings = settings_of(ENOUGH)
    assert require(settings) is settings
    with pytest.raises(ConfigError, match=r"^missing: device: .*SAGUI_DEVICE.*; missing: broker.url: "):
        require(Settings())


def test_nothing_changes_by_itself() -> None:
    assert changes(settings_of(ENOUGH), settings_of(ENOUGH)) == Changes()
    assert not Changes()


def test_changes_are_told_by_what_they_need() -> None:
    old = settings_of(ENOUGH + "fps = 2\n[[stream]]\nname = 'door'\n[[stream]]\nname = 'gate'")
    new = settings_of(
        ENOUGH.replace("usb:0", "usb:1")
        + "fps = 3\n[decide]\nagree = '3/5'\n[[stream]]\nname = 'door'\nregion = '0,0,1,0.5'\n"
        "[[stream]]\nname = 'gate'\ndwell_s = 1\n[telemetry]\nevery_s = 5\nprometheus = 'localhost:9105'"
    )
    assert changes(old, new) == Changes(
        live=("camera.fps", "decide.agree", "telemetry.every_s", "stream.gate.dwell_s"),
        restart=("camera.spec", "telemetry.prometheus", "stream.door.region"),
    )


def test_other_streams_need_a_restart() -> None:
    one, two = settings_of("[[stream]]\nname = 'a'\nagree = '1/2'"), settings_of("[[stream]]\nname = 'b'")
    assert changes(one, two) == Changes(restart=("stream",))
    assert changes(one, Settings()) == Changes(restart=("stream",))
    assert applied(one, two).stream == one.stream


def test_an_unnamed_stream_is_called_by_its_number() -> None:
    old, new = settings_of("[[stream]]\nagree = '1/2'"), settings_of("[[stream]]\nagree = '1/3'\nmodel = 'm'")
    assert changes(old, new) == Changes(live=("stream[0].agree",), restart=("stream[0].model",))


def test_which_keys_can_change_while_the_agent_runs() -> None:
    live = {path for path in keys() if is_live(path)}
    steady = {"agree", "dwell_s", "hysteresis", "every_s"}
    assert live == (
        {"camera.fps", "telemetry.every_s", "snapshot.enabled", "snapshot.quality", "snapshot.max_side"}
        | {f"{table}.{name}" for table in ("decide", "stream") for name in steady}
        | {path for path in keys() if path.startswith("collect.")}
        | {path for path in keys() if path.startswith("update.")} - {"update.registry", "update.root"}
    )


def test_what_needs_a_restart_stays_until_then() -> None:
    old = settings_of(ENOUGH + "[[stream]]\nmodel = 'a'\nagree = '1/2'")
    new = settings_of(
        ENOUGH.replace("usb:0", "usb:1") + "fps = 3\n[[stream]]\nmodel = 'b'\nagree = '2/2'\n[snapshot]\nenabled = true"
    )
    now = applied(old, new)
    assert (now.camera.spec, now.camera.fps) == ("usb:0", 3.0)
    assert (now.stream[0].model, now.stream[0].agree, now.snapshot.enabled) == ("a", "2/2", True)
    assert changes(now, new) == Changes(restart=("camera.spec", "stream[0].model"))


def test_a_reload_gives_what_holds_and_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(ENOUGH)
    old = load_settings(path, {}, {"threads": 2})
    path.write_text(ENOUGH + "fps = 4\n[log]\nformat = 'json'\n[decide]\nevery_s = 9\n")
    new = reload(path, {"SAGUI_DECIDE_EVERY_S": "7"}, {"threads": 2}, old)
    assert new.changes == Changes(live=("camera.fps", "decide.every_s"), restart=("log.format",))
    assert (new.settings.camera.fps, new.settings.decide.every_s) == (4.0, 7.0)
    assert (new.settings.threads, new.settings.log.format) == (2, "plain")


@pytest.mark.parametrize("text", ["threads = 0", "threads =", "\0", ENOUGH.replace("usb:0", ""), 'device = "porch"'])
def test_a_bad_new_file_is_refused_as_at_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        reload(path, {}, {}, settings_of(ENOUGH))


def test_a_file_that_went_away_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        reload(tmp_path / "agent.toml", {}, {}, settings_of(ENOUGH))
