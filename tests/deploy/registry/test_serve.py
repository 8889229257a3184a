import getpass
import grp
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from tests.conftest import answers, free_port
from tuf.ngclient import Updater

from sagui.deploy.registry.command import registry
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.serve import note_of, open_socket, parse_listen, settings_for, url_of
from sagui.registry import bundle_path

NGINX = """
user {user} {group};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {server}
}}
"""


@pytest.fixture
def full(place: Any, make_bundle: Any) -> Any:
    for version in ("1.0.0", "1.1.0+build.7"):
        publish(make_bundle(version, head=version.encode()), place.folder, place.keys, now=place.now)
    return place


@pytest.fixture
def desk(full: Any, eventually: Callable[..., bool]) -> Iterator[int]:
    """`sagui registry serve`, as a process."""
    port = free_port()
    code = "from sagui.deploy.registry.command import registry; registry()"
    server = subprocess.Popen([sys.executable, "-c", code, "serve", str(full.folder), "--listen", f"127.0.0.1:{port}"])
    assert eventually(lambda: answers(port))
    yield port
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0


@pytest.fixture
def nginx(
    full: Any, tmp_path: Path, root: Path, program: Callable[[str], str], eventually: Callable[..., bool]
) -> Iterator[int]:
    """A real nginx with the server block that docs/registry.md shows."""
    port, folder = free_port(), tmp_path / "nginx"
    folder.mkdir()
    page = (root / "docs" / "registry.md").read_text()
    block = page.partition("```nginx\n")[2].partition("```")[0]
    block = block.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/srv/registry", str(full.folder))
    config = NGINX.format(user=getpass.getuser(), group=grp.getgrgid(os.getgid()).gr_name, folder=folder, server=block)
    (folder / "nginx.conf").write_text(config)
    server = subprocess.Popen([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    assert eventually(lambda: answers(port))
    yield port
    server.terminate()
    server.wait(20)


@pytest.fixture(params=["desk", "nginx"])
def port(request: pytest.FixtureRequest) -> int:
    number: int = request.getfixturevalue(request.param)
    return number


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, answer.headers


def bundle_file(place: Any, version: str = "1.0.0") -> Path:
    (found,) = place.folder.glob(f"targets/pets/*.pets-{version}.sagui")
    return Path(found)


def test_a_device_renews_and_fetches(full: Any, port: int, tmp_path: Path) -> None:
    for folder in ("state", "models"):
        (tmp_path / folder).mkdir()
    url = f"http://127.0.0.1:{port}/"
    updater = Updater(
        str(tmp_path / "state"), f"{url}metadata/", str(tmp_path / "models"), f"{url}targets/", bootstrap=full.root
    )
    for version in ("1.0.0", "1.1.0+build.7"):
        target = updater.get_targetinfo(bundle_path("pets", version))
        assert target
        assert Path(updater.download_target(target)).read_bytes() == bundle_file(full, version).read_bytes()


def test_a_download_goes_on_where_it_broke_off(full: Any, port: int) -> None:
    file = bundle_file(full)
    content = file.read_bytes()
    path = f"/targets/pets/{file.name}"
    status, rest, headers = ask(port, path, Range="bytes=1000-")
    assert (status, rest) == (206, content[1000:])
    assert headers["content-range"] == f"bytes 1000-{len(content) - 1}/{len(content)}"
    assert ask(port, path, Range=f"bytes={len(content)}-")[0] == 416
    status, all_of_it, headers = ask(port, path)
    assert (status, all_of_it) == (200, content)
    assert headers["accept-ranges"] == "bytes"


def test_what_changes_is_asked_for_again_and_the_rest_is_kept(full: Any, port: int) -> None:
    assert "no-cache" in ask(port, "/metadata/timestamp.json")[2]["cache-control"]
    assert "no-cache" in ask(port, "/root.json")[2]["cache-control"]
    for path in ("/metadata/1.root.json", f"/targets/pets/{bundle_file(full).name}"):
        assert "immutable" in ask(port, path)[2]["cache-control"]
    status, content, _ = ask(port, "/root.json")
    assert (status, content) == (200, full.root)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_an_address_of_this_machine_alone_is_said_to_be_one(host: str) -> None:
    with open_socket(host, 0) as here:
        note = note_of(here)
        assert note
        assert "from this machine alone" in note
        assert note.endswith(f"--listen 0.0.0.0:{here.getsockname()[1]}")


def test_an_address_for_others_needs_no_note() -> None:
    with open_socket("0.0.0.0", 0) as everywhere:  # noqa: S104 (closed at once)
        assert note_of(everywhere) is None


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were served; nothing waits for readers."""
    folders: list[Path] = []
    monkeypatch.setattr("sagui.deploy.registry.serve.serve", lambda folder, _: folders.append(folder))
    monkeypatch.delenv("SAGUI_REGISTRY", raising=False)
    return folders


def call_serve(*arguments: str, variable: Path | None = None) -> Result:
    environment = {"SAGUI_REGISTRY": str(variable)} if variable else {}
    return CliRunner().invoke(registry, ["serve", *arguments, "--listen", "127.0.0.1:0"], env=environment)


def test_the_registry_is_named_as_in_all_commands(
    full: Any, served: list[Path], make_place: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_place("other").folder
    monkeypatch.chdir(full.folder.parent)
    for arguments, variable in (
        ((str(other),), None),
        (("--registry", str(other)), None),
        ((), other),
        ((str(other),), full.folder),
        (("--registry", str(other)), full.folder),
    ):
        done = call_serve(*arguments, variable=variable)
        assert done.exit_code == 0, done.output
        assert "is reached from this machine alone" in done.stderr
        assert served.pop() == other
    assert call_serve().exit_code == 0
    assert served == [Path("registry")]


def test_two_registries_at_once_are_refused(full: Any, served: list[Path]) -> None:
    done = call_serve(str(full.folder), "--registry", str(full.folder))
    assert done.exit_code == 2
    assert "give DIR or --registry, not both" in done.output
    assert served == []


ELSEWHERE = (
    "/",
    "/metadata/",
    "/targets/pets/",
    "/.lock",
    "/targets/pets/.half",
    "/metadata/.git/config",
    "/secret.txt",
    "/keys/targets.pem",
    "/targets/../secret.txt",
    "/targets/..%2f..%2fsecret.txt",
    "/targets/%2e%2e/%2e%2e/secret.txt",
    "/targets//etc/passwd",
    "/targets/pets/link",
    "/metadata/9.root.json",
)


def test_nothing_else_is_served(full: Any, port: int) -> None:
    for name in ("targets/pets/.half", "metadata/.git/config", "keys/targets.pem", "secret.txt", "../secret.txt"):
        (full.folder / name).parent.mkdir(exist_ok=True)
        (full.folder / name).write_text("secret")
    (full.folder / "targets" / "pets" / "link").symlink_to(full.folder.parent / "secret.txt")
    for path in ELSEWHERE:
        status, content, headers = ask(port, path)
        assert status in {400, 403, 404}, path
        assert b"secret" not in content, path
        assert "immutable" not in headers.get("cache-control", ""), path


def test_nobody_writes(full: Any, port: int) -> None:
    before = full.files()
    for method in ("POST", "PUT", "DELETE"):
        assert ask(port, "/metadata/timestamp.json", method)[0] in {403, 405}, method
    assert full.files() == before


@pytest.mark.parametrize("text", ["", "8090", "localhost", ":80", "127.0.0.1:", "127.0.0.1:99999", "a b:80", "h:-1"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(PublishError, match="give HOST:PORT"):
        parse_listen(text)


def test_a_port_that_is_taken_is_said_to_be_taken() -> None:
    with open_socket("127.0.0.1", 0) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(PublishError, match=f"127.0.0.1:{number}: cannot be opened: .* choose another port"):
            open_socket("127.0.0.1", number)


def test_the_address_is_one_that_others_can_use() -> None:
    with open_socket("127.0.0.1", 0) as here:
        url = url_of(here)
        assert urlsplit(url).port == here.getsockname()[1]
        assert url in settings_for(url)
    with open_socket("0.0.0.0", 0) as everywhere:  # noqa: S104 (closed at once)
        assert urlsplit(url_of(everywhere)).hostname == socket.gethostname().lower()
