"""`sagui fleet simulate` used wrongly: one line that says what to do."""

import resource

import pytest
from click.testing import CliRunner

from sagui.cli import cli


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "Missing option '--broker'"),
        (["--broker", "http://here"], "use mqtt://HOST:PORT"),
        (["--broker", "mqtt://me:secret@here"], "leave user and password out"),
        (["--broker", "mqtt://here", "--group", "No"], "group 'No' cannot stand in a topic"),
        (["--broker", "mqtt://here", "--version", "1"], "'1' is no version"),
        (["--broker", "mqtt://here", "--bad", "latest"], "'latest' is no version"),
        (["--broker", "mqtt://here", "--prefix", "No"], "cannot stand in a topic"),
        (["--broker", "mqtt://here", "--devices", "0"], "--devices"),
        (["--broker", "mqtts://here", "--ca", "nowhere.pem"], "nowhere.pem"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(options: list[str], says: str) -> None:
    done = CliRunner().invoke(cli, ["fleet", "simulate", *options])
    assert done.exit_code != 0
    assert says in done.output
    assert "secret" not in done.output
    assert "Traceback" not in done.output
    assert done.output.count("Error") == 1


def test_more_devices_than_the_machine_allows_are_refused_before_anything_is_done() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 100_000:
        pytest.skip("this machine allows as many files as the command devices")
    done = CliRunner().invoke(cli, ["fleet", "simulate", "--broker", "mqtt://127.0.0.1:1", "--devices", "100000"])
    assert done.exit_code == 1
    assert "100000 devices need 100064 open files" in done.output
