import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sagui.deploy.dashboard.command import dashboard
from sagui.errors import SaguiError

TO_ALL = ("--host", "0.0.0.0")  # noqa: S104 (refused)


def invoked(*arguments: str, broker: str = "mqtt://127.0.0.1:1") -> Result:
    return CliRunner().invoke(dashboard, ["--broker", broker, *arguments])


def refused(*arguments: str) -> str:
    """What is told of what could not be done."""
    done = invoked(*arguments)
    assert isinstance(done.exception, SaguiError), done.output
    return str(done.exception)


def misused(*arguments: str, broker: str = "mqtt://127.0.0.1:1") -> str:
    """What is told of options that are wrong."""
    done = invoked(*arguments, broker=broker)
    assert done.exit_code == 2, done.output
    return done.output


def test_a_network_without_a_password_is_wrong_use() -> None:
    assert "--password-file" in misused(*TO_ALL)


def test_a_header_that_anybody_could_write_is_wrong_use() -> None:
    assert "--trusted-proxy" in misused(*TO_ALL, "--user-header", "Remote-User")


def test_a_proxy_that_says_nothing_is_wrong_use() -> None:
    assert "--user-header" in misused("--trusted-proxy", "127.0.0.1")


@pytest.mark.parametrize(
    ("header", "proxy", "words"), [("Remote User", "127.0.0.1", "Remote-User"), ("Remote-User", "nonsense", "nonsense")]
)
def test_what_is_no_header_and_no_address_is_wrong_use(header: str, proxy: str, words: str) -> None:
    assert words in misused("--user-header", header, "--trusted-proxy", proxy)


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("mysql://root:hush@localhost/db", "postgresql://USER@HOST/DATABASE"),
        ("postgresql://ana:hush@localhost/db", "PGPASSWORD"),
        ("", "is empty"),
    ],
)
def test_a_database_that_cannot_be_one_is_wrong_use_and_no_password_is_repeated(database: str, words: str) -> None:
    told = misused("--database", database)
    assert words in told
    assert "hush" not in told


@pytest.mark.parametrize("broker", ["http://x", "mqtt://ana:hush@hut", "mqtt://hut:99999", ""])
def test_what_is_no_broker_is_wrong_use(broker: str) -> None:
    told = misused(broker=broker)
    assert "broker" in told
    assert "hush" not in told


def test_a_registrys_address_without_its_root_is_wrong_use() -> None:
    assert "--root FILE" in misused("--registry", "https://ana:hush@models.local")
    assert "hush" not in misused("--registry", "https://ana:hush@models.local")


def test_a_root_without_a_registry_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAGUI_REGISTRY", raising=False)
    (tmp_path / "root.json").write_text("{}")
    assert "without --registry" in misused("--root", str(tmp_path / "root.json"))


def test_a_proxy_is_protection_enough_for_a_network(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104 (nothing is served)
        open_to_all = (*TO_ALL, "--port", str(taken.getsockname()[1]))
        proxy = ("--user-header", "X-Forwarded-User", "--trusted-proxy", "10.0.0.2", "--trusted-proxy", "fd00::/8")
        told = refused(*open_to_all, *proxy, "--database", str(tmp_path / "history.db"))
    assert "cannot listen" in told


@pytest.mark.parametrize("content", [b"", b"\n", b"   \nx"])
def test_a_file_without_a_password_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)
    assert "holds no password" in refused("--password-file", str(tmp_path / "password"))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff\xfe\xff")
    assert "is not UTF-8 text" in refused("--password-file", str(tmp_path / "password"))


def test_a_short_password_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush\n")
    told = refused("--password-file", str(tmp_path / "password"))
    assert "8 characters" in told
    assert "hush" not in told


def test_the_brokers_password_without_a_user_names_this_commands_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAGUI_MQTT_USER", raising=False)
    (tmp_path / "secret").write_text("s3cret\n")
    told = refused("--mqtt-password-file", str(tmp_path / "secret"))
    assert "or --mqtt-user-file" in told
    assert "s3cret" not in told


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = refused("--port", str(port), "--database", str(tmp_path / "history.db"))
    assert told == f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another --port"


@pytest.mark.parametrize("host", ["192.0.2.7", "host.invalid"])
def test_an_address_that_is_not_this_machines_is_told_as_such(tmp_path: Path, host: str) -> None:
    (tmp_path / "password").write_text("long enough\n")
    told = refused("--host", host, "--password-file", str(tmp_path / "password"))
    assert told.startswith(f"cannot listen on --host {host}: ")
    assert told.endswith("use a name or an address of this machine")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_while_it_starts_is_no_fault(tmp_path: Path, number: signal.Signals) -> None:
    # As if it came while the pages' code was loaded.
    code = (
        "import os, signal, sys; from sagui.deploy.dashboard import command\n"
        "class Loading:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == 'sagui.deploy.dashboard.server': os.kill(os.getpid(), signal.{number.name})\n"
        "sys.meta_path.insert(0, Loading()); command.dashboard()"
    )
    arguments = ["--broker", "mqtt://127.0.0.1:1", "--port", "0", "--database", str(tmp_path / "history.db")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "history.db").exists()
