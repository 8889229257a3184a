"""Where the versions come from: a folder or an address, believed as far as its signatures go."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tests.deploy.dashboard.models.asking import Eventually, versions
from tests.deploy.dashboard.models.shelves import HTML, Registry

from sagui.deploy.dashboard.command import dashboard
from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.dashboard.models import source as sources
from sagui.deploy.dashboard.models.shelf import Shelf
from sagui.deploy.dashboard.models.source import open_source
from sagui.deploy.registry.errors import PublishError
from sagui.errors import SaguiError


def test_a_registry_that_did_not_change_is_not_read_again(registry: Registry) -> None:
    source = open_source(str(registry.folder), None)
    assert source.look() is not None
    assert source.look() is None
    registry.publish("1.5.0")
    assert source.look() is not None


def test_a_registry_is_read_again_where_tmp_was_tidied_up(registry: Registry) -> None:
    source = open_source(str(registry.folder), None)
    source.look()
    shutil.rmtree(source._scratch.name)
    registry.publish("1.5.0")
    listed = source.look()
    assert listed
    assert source.fetch(listed.models["pets"].versions[-1])


def test_a_list_that_speaks_of_another_bundle_than_was_signed_is_not_believed(registry: Registry) -> None:
    source = open_source(str(registry.folder), None)
    listed = source.look()
    assert listed
    first = listed.models["pets"].versions[0]
    with pytest.raises(DashboardError, match="is not the bundle that was signed"):
        source.fetch(msgspec.structs.replace(first, sha256="0" * 64))
    with pytest.raises(DashboardError, match="is not the bundle that was signed"):
        source.fetch(msgspec.structs.replace(first, path="../../etc/passwd", version="9.9.9"))


def test_a_folder_that_is_no_registry_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="does not exist"):
        open_source(str(tmp_path / "nowhere"), None)


def test_another_registrys_root_is_refused(registry: Registry, tmp_path: Path, make_manifest: Any) -> None:
    other = Registry(tmp_path / "other", make_manifest)
    with pytest.raises(PublishError, match="another registry"):
        open_source(str(registry.folder), other.root)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path, kind: type[_Quiet] = _Quiet) -> Iterator[str]:
    def handler(*arguments: Any) -> _Quiet:
        return kind(*arguments, directory=str(folder))

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_registry_is_read_over_http(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually
) -> None:
    with served(registry.folder) as url:
        shelf = open_shelf(open_source(f"{url}/", registry.root))
        assert eventually(lambda: len(shelf.contents.opened) == 2)
        assert shelf.report("pets", "1.3.0") == HTML
    assert eventually(lambda: "cannot be had" in shelf.contents.trouble)
    assert versions(shelf.contents) == {"pets": ["1.3.0", "1.4.0"]}
    assert shelf.report("pets", "1.3.0") == HTML


def test_a_server_that_gives_a_byte_now_and_then_is_left(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    class Drips(_Quiet):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            with suppress(OSError):
                for _ in range(200):
                    self.wfile.write(b" ")
                    sleep(0.02)

    monkeypatch.setattr(sources, "_FILE_S", 0.1)
    with served(registry.folder, Drips) as url, pytest.raises(DashboardError, match=r"took more than 0\.1 s"):
        open_source(url, registry.root).look()


def test_a_server_that_hangs_up_is_told(registry: Registry) -> None:
    class HangsUp(_Quiet):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"{")

    with (
        served(registry.folder, HangsUp) as url,
        pytest.raises(DashboardError, match="cannot be had: the connection was cut off"),
    ):
        open_source(url, registry.root).look()


def test_another_registry_behind_the_address_is_not_believed(
    registry: Registry, tmp_path: Path, make_manifest: Any
) -> None:
    other = Registry(tmp_path / "other", make_manifest)
    with served(registry.folder) as url, pytest.raises(DashboardError, match="another registry than the root is for"):
        open_source(url, other.root).look()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ftp://models.local", "is no address"),
        ("https://", "is no address"),
        ("https://[::1", "is no address"),
        ("https://models.local/?key=1", "is no address"),
        ("https://ana:hush@models.local", "leave user and password out"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(address: str, why: str, registry: Registry) -> None:
    with pytest.raises(DashboardError, match=why) as caught:
        open_source(address, registry.root)
    assert "hush" not in str(caught.value)


def test_an_address_needs_a_root(registry: Registry) -> None:
    with pytest.raises(DashboardError, match="add --root FILE"):
        open_source("https://models.local", None)


@pytest.mark.parametrize(("where", "why"), [("nowhere", "does not exist"), ("https://models.local", "--root FILE")])
def test_the_command_says_so_before_it_serves(where: str, why: str, tmp_path: Path) -> None:
    options = ("--broker", "mqtt://127.0.0.1:1", "--database", str(tmp_path / "history.db"), "--registry", where)
    done = CliRunner().invoke(dashboard, options)
    assert isinstance(done.exception, SaguiError | SystemExit)
    assert done.exit_code
    assert why in f"{done.output}{done.exception}"
