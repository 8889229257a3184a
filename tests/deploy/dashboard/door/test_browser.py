"""Users by a reverse proxy: a real nginx with the lines of docs/dashboards.md, and a real browser."""

import base64
import getpass
import grp
import http.client
import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.conftest import answers, free_port
from tests.deploy.dashboard.conftest import note_errors

from sagui.wire import topics

WAIT_MS = 60_000
PROXY = "127.0.0.2"
"""Not where the test's own requests come from."""

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
    proxy_bind {proxy};
    {block}
}}
"""


@dataclass(frozen=True)
class Site:
    """A dashboard, and nginx with TLS before it."""

    dashboard: Any
    port: int

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def by_proxy(self, path: str, **headers: str) -> tuple[int, str]:
        trusting = ssl._create_unverified_context()  # noqa: S323 (of the test's own certificate)
        return _ask(http.client.HTTPSConnection("localhost", self.port, timeout=30, context=trusting), path, headers)

    def directly(self, path: str, **headers: str) -> tuple[int, str]:
        return _ask(http.client.HTTPConnection(self.dashboard.url.removeprefix("http://"), timeout=30), path, headers)


def _ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[int, str]:
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


ANA = basic("ana", "of the desk")


@pytest.fixture
def site(
    start_dashboard: Callable[..., Any],
    broker: Any,
    tmp_path: Path,
    root: Path,
    program: Callable[[str], str],
    eventually: Callable[..., bool],
) -> Iterator[Site]:
    dashboard = start_dashboard(broker.url, "--user-header", "Remote-User", "--trusted-proxy", PROXY)
    folder = tmp_path / "nginx"
    folder.mkdir()
    (folder / "sagui.users").write_text("ana:{PLAIN}of the desk\n")
    subprocess.run(
        [
            *(
                program("openssl"),
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-subj", "/CN=localhost", "-keyout", folder / "dashboard.key", "-out", folder / "dashboard.crt"),
        ],
        check=True,
        capture_output=True,
    )
    port = free_port()
    block = (root / "docs" / "dashboards.md").read_text().partition("```nginx\n")[2].partition("```")[0]
    block = block.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;").replace("/etc/nginx", str(folder))
    block = block.replace("http://127.0.0.1:8080", dashboard.url)
    config = NGINX.format(
        user=getpass.getuser(), group=grp.getgrgid(os.getgid()).gr_name, folder=folder, proxy=PROXY, block=block
    )
    (folder / "nginx.conf").write_text(config)
    server = subprocess.Popen([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    assert eventually(lambda: answers(port))
    yield Site(dashboard, port)
    server.terminate()
    server.wait(20)


def open_tab(browser: Any, password: str) -> Any:
    credentials = {"username": "ana", "password": password}
    context = browser.new_context(ignore_https_errors=True, locale="en-US", http_credentials=credentials)
    context.set_default_timeout(WAIT_MS)
    return context.new_page()


def test_who_the_proxy_knows_sees_the_fleet_live_and_their_own_name(
    site: Site, browser: Any, voice: Any, words: Any, screenshots: Path
) -> None:
    tab, faults, sockets = open_tab(browser, "of the desk"), list[str](), list[str]()
    note_errors(tab, faults)
    tab.on("websocket", lambda one: sockets.append(one.url))
    voice.online("porch", "cat")
    tab.goto(site.url)
    expect(tab.get_by_text("User: ana")).to_be_visible()
    expect(tab.get_by_role("link", name="Log out")).to_have_count(0)
    expect(tab.locator("article .label")).to_have_text("cat")
    voice.say(topics.state("porch"), words.state("dog"))
    expect(tab.locator("article .label")).to_have_text("dog")
    assert {url.startswith(f"wss://localhost:{site.port}/") for url in sockets} == {True}
    assert faults == []
    tab.screenshot(path=str(screenshots / "user.png"))
    tab.context.close()


def test_who_it_does_not_know_sees_nothing(site: Site, browser: Any, voice: Any) -> None:
    voice.online("porch", "cat")
    tab = open_tab(browser, "guess")
    answer = tab.goto(site.url)
    assert answer.status == 401
    assert "porch" not in tab.content()
    assert site.by_proxy("/")[0] == 401
    tab.context.close()


def test_a_forged_header_is_refused_where_nobody_but_the_proxy_may_write_it(site: Site) -> None:
    status, text = site.directly("/", Remote_User="ana", X_Forwarded_For=PROXY)
    assert (status, text) == (403, "Only the proxy may say remote-user.")
    for path in ("/", "/photo/porch", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"):
        assert site.directly(path)[0] == 401


def test_the_browsers_own_header_is_overwritten(site: Site) -> None:
    status, text = site.by_proxy("/", Authorization=ANA, Remote_User="root")
    assert status == 200
    assert "User: ana" in text
    assert "root" not in text.partition("User: ")[2][:20]
    assert site.by_proxy("/", Remote_User="root")[0] == 401


def test_a_users_name_is_text(start_dashboard: Callable[..., Any], broker: Any, tab: Any) -> None:
    dashboard = start_dashboard(broker.url, "--user-header", "Remote-User", "--trusted-proxy", "127.0.0.1")
    name = "<img src=x onerror=alert(1)>'\"{{7*7}}"
    tab.context.set_extra_http_headers({"Remote-User": name})
    tab.goto(dashboard.url)
    expect(tab.locator(".user")).to_have_text(f"User: {name}")
    assert tab.locator("img[src=x]").count() == 0


def test_the_log_names_nobody(site: Site) -> None:
    site.by_proxy("/", Authorization=ANA)
    site.directly("/", Remote_User="mallory")
    assert site.dashboard.stop() == (0, "")
