import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sagui.deploy.dashboard.command import dashboard
from sagui.errors import SaguiError


def refused(*arguments: str) -> str:
    done: Result = CliRunner().invoke(dashboard, ["--broker", "mqtt://127.0.0.1:1", *arguments])
    assert isinstance(done.exception, SaguiError), done.output
    return str(done.exception)


def test_a_network_without_a_password_is_refused() -> None:
    assert "--password-file" in refused("--host", "0.0.0.0")  # noqa: S104 (refused)


def test_a_header_that_anybody_could_write_is_refused() -> None:
    assert "--trusted-proxy" in refused("--host", "0.0.0.0", "--user-header", "Remote-User")  # noqa: S104 (refused)


def test_a_proxy_that_says_nothing_is_refused() -> None:
    assert "--user-header" in refused("--trusted-proxy", "127.0.0.1")


def test_a_proxy_is_protection_enough_for_a_network(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104 (nothing is served)
        open_to_all = ("--host", "0.0.0.0", "--port", str(taken.getsockname()[1]))  # noqa: S104 (refused)
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
    assert f"cannot listen on 127.0.0.1:{port}" in told
    assert "--port" in told
