"""The gate with a proxy before it: pages and sockets alike."""

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from sagui.deploy.dashboard.door.access import Door
from sagui.deploy.dashboard.door.gate import COOKIE, USER, Gate, with_clients
from sagui.deploy.dashboard.door.proxies import parse_proxies

PROXY, STRANGER = "10.0.0.2", "10.0.0.3"
HOST = "dashboard.lan"
SOCKET = f"ws://{HOST}/socket"
ANA = {"remote-user": "ana"}


def who(connection: HTTPConnection) -> str:
    asks = connection.client.host if connection.client else ""
    return f"{connection.scope.get(USER)} at {asks} by {connection.scope['scheme']}"


async def page(request: Request) -> Response:
    return PlainTextResponse(who(request))


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(who(websocket))
    await websocket.close()


APP = Starlette(routes=[Route("/", page), WebSocketRoute("/socket", socket)])


def visit(peer: str, door: Door | None = None, host: str = HOST, trusted: str = PROXY) -> TestClient:
    proxies = parse_proxies("Remote-User", (trusted,))
    gate = Gate(with_clients(APP, proxies), door, proxies)
    return TestClient(gate, base_url=f"http://{host}", client=(peer, 5), follow_redirects=False)


def test_who_the_proxy_names_is_let_in() -> None:
    assert visit(PROXY).get("/", headers=ANA).text == f"ana at {PROXY} by http"


def test_a_socket_is_let_in_likewise() -> None:
    with visit(PROXY).websocket_connect(SOCKET, headers=ANA | {"origin": f"http://{HOST}"}) as opened:
        assert opened.receive_text() == f"ana at {PROXY} by ws"


def test_who_is_not_named_has_to_log_in_at_the_proxy() -> None:
    for peer in (PROXY, STRANGER):
        answer = visit(peer).get("/", headers={"accept": "text/html"})
        assert (answer.status_code, answer.text) == (401, "Log in at the proxy before the dashboard.")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_header_from_elsewhere_is_refused_in_one_line() -> None:
    answer = visit(STRANGER).get("/", headers=ANA)
    assert (answer.status_code, answer.text) == (403, "Only the proxy may say remote-user.")


@pytest.mark.parametrize("forwarded", ["127.0.0.1", PROXY, f"{PROXY}, {PROXY}"])
def test_nobody_becomes_the_proxy_by_saying_so(forwarded: str) -> None:
    answer = visit(STRANGER).get("/", headers=ANA | {"x-forwarded-for": forwarded, "forwarded": f"for={PROXY}"})
    assert answer.status_code == 403


def test_several_headers_are_refused() -> None:
    named = [("remote-user", "ana"), ("Remote-User", "ana")]
    assert visit(PROXY).get("/", headers=named).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"remote-user": "mallory"}])
@pytest.mark.parametrize("peer", [PROXY, STRANGER])
def test_a_socket_is_closed_to_all_others(peer: str, headers: dict[str, str]) -> None:
    if peer == PROXY and headers:
        headers = headers | {"origin": "https://evil.example"}
    with pytest.raises(WebSocketDisconnect), visit(peer).websocket_connect(SOCKET, headers=headers):
        pass


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_sites_page_can_do_nothing_in_a_persons_name(method: str) -> None:
    answer = visit(PROXY).request(method, "/", headers=ANA | {"origin": "https://evil.example"})
    assert (answer.status_code, answer.text) == (403, "This comes from another site's page.")


def test_a_page_that_was_pointed_at_this_machine_is_not_taken_for_the_proxy() -> None:
    here = visit("127.0.0.1", host="localhost:8080", trusted="127.0.0.1")
    for host, status in ((HOST, 200), (f"{HOST}:8443", 200), ("localhost:8080", 200), ("evil.example:8080", 403)):
        assert here.get("/", headers=ANA | {"host": host}).status_code == status


def test_the_proxys_word_on_the_browser_is_for_the_pages() -> None:
    told = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}
    assert visit(PROXY).get("/", headers=ANA | told).text == "ana at 192.0.2.7 by https"


def test_with_a_password_either_will_do() -> None:
    door = Door("correct horse", lambda: 0.0)
    session = {"cookie": f"{COOKIE}={door.enter('correct horse', STRANGER)}"}
    assert visit(PROXY, door).get("/", headers=ANA).text.startswith("ana at")
    assert visit(STRANGER, door).get("/", headers=session).text.startswith("None at")
    asked = visit(STRANGER, door).get("/", headers={"accept": "text/html"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/")
    assert visit(STRANGER, door).get("/", headers=ANA | session).status_code == 403


def test_without_proxies_the_header_says_nothing() -> None:
    answer = TestClient(Gate(APP, None), base_url="http://localhost").get("/", headers=ANA)
    assert answer.text.startswith("None at ")
