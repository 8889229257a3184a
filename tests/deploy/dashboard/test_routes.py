"""What is no page of NiceGUI, behind the gate as in the program."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from sagui.deploy.dashboard.door.access import Door
from sagui.deploy.dashboard.door.gate import COOKIE, Gate
from sagui.deploy.dashboard.frame import PAGES
from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.routes import add_routes, next_page
from sagui.deploy.history import History, Row, Writer
from sagui.deploy.history.sqlite import SqliteHistory

PASSWORD = "correct horse"  # noqa: S105 (of the test)
DAY = "2026-11-21"
SOCKET = "ws://localhost:8080/socket"
NOON = 1_795_262_400_000


@pytest.fixture
def history(tmp_path: Path) -> SqliteHistory:
    opened = SqliteHistory(tmp_path / "history.db")
    opened.add([Row("porch", "a-1", NOON, NOON, NOON, "cat", 0.5, "pets", "1.0.0", "", 4.5)])
    return opened


@pytest.fixture
def client(script: Any, history: History) -> Iterator[Callable[..., TestClient]]:
    writer = Writer(history)
    board = Board(script, writer)

    def make(password: str | None = None, host: str = "localhost:8080") -> TestClient:
        door = Door(password, lambda: 0.0) if password else None
        app = FastAPI(openapi_url=None)
        add_routes(app, board, history, door)

        @app.get("/")
        def now() -> str:
            return "the fleet"

        @app.websocket("/socket")
        async def socket(websocket: WebSocket) -> None:
            await websocket.accept()
            await websocket.send_text("hello")
            await websocket.close()

        return TestClient(Gate(app, door), base_url=f"http://{host}", follow_redirects=False)

    yield make
    board.close()
    writer.close()


def log_in(one: TestClient, password: str = PASSWORD, **fields: str) -> Any:
    return one.post("/login", data={"password": password, **fields}, headers={"origin": "http://localhost:8080"})


def test_without_a_password_the_loopback_is_open(client: Callable[..., TestClient]) -> None:
    assert client().get("/").text == '"the fleet"'


def test_a_name_that_was_pointed_at_us_is_refused(client: Callable[..., TestClient]) -> None:
    assert client(host="evil.example").get("/").status_code == 421
    with pytest.raises(WebSocketDisconnect), client().websocket_connect("ws://evil.example/socket"):
        pass


def test_with_a_password_nothing_is_shown_before_the_login(client: Callable[..., TestClient]) -> None:
    one = client(PASSWORD, "dashboard.lan:8080")
    asked = one.get("/", headers={"accept": "text/html"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/")
    for path in ("/", "/photo/porch", f"/export/csv?device=porch&day={DAY}", "/_nicegui_ws/socket.io", "/nowhere"):
        assert one.get(path).status_code == 401
    with pytest.raises(WebSocketDisconnect), one.websocket_connect(SOCKET):
        pass


def test_the_password_opens_pages_and_sockets(client: Callable[..., TestClient]) -> None:
    one = client(PASSWORD)
    answer = log_in(one, next="/history?device=porch")
    assert (answer.status_code, answer.headers["location"]) == (303, "/history?device=porch")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert PASSWORD not in cookie
    assert one.get("/").status_code == 200
    with one.websocket_connect(SOCKET, headers={"origin": "http://localhost:8080"}) as socket:
        assert socket.receive_text() == "hello"
    leaving = one.get("/logout")
    assert leaving.headers["location"] == "/login"
    one.cookies.clear()
    assert one.get("/").status_code == 401


def test_another_sites_page_cannot_act_for_a_person(client: Callable[..., TestClient]) -> None:
    one = client(PASSWORD)
    log_in(one)
    assert one.post("/login", data={"password": "x"}, headers={"origin": "https://evil.example"}).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        one.websocket_connect(SOCKET, headers={"origin": "https://evil.example"}),
    ):
        pass


def test_another_sites_page_cannot_read_either(client: Callable[..., TestClient]) -> None:
    assert client().get("/", headers={"origin": "https://evil.example"}).status_code == 403
    assert client().get("/", headers={"origin": "http://localhost:8080"}).status_code == 200


def test_a_wrong_password_is_told_and_guessing_slowed(client: Callable[..., TestClient]) -> None:
    one = client(PASSWORD)
    wrong = log_in(one, "guess")
    assert wrong.status_code == 403
    assert "That is not the password." in wrong.text
    assert "guess" not in wrong.text
    for _ in range(4):
        log_in(one, "guess")
    assert log_in(one).status_code == 429


@pytest.mark.parametrize("session", ["", "x", "9" * 20 + ".a.b", "\xff".encode("latin1").decode("latin1")])
def test_a_made_up_cookie_opens_nothing(client: Callable[..., TestClient], session: str) -> None:
    one = client(PASSWORD)
    headers = [(b"cookie", f"{COOKIE}={session}".encode("latin1"))]
    assert one.get("/", headers=headers).status_code == 401


def test_a_form_without_end_is_refused(client: Callable[..., TestClient]) -> None:
    assert log_in(client(PASSWORD), "x" * 100_000).status_code == 413


def test_the_login_page_is_in_the_readers_language(client: Callable[..., TestClient]) -> None:
    text = client(PASSWORD).get("/login", headers={"accept-language": "pt-BR"}).text
    assert "Senha" in text
    assert '<html lang="pt">' in text


@pytest.mark.parametrize(
    "asked",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/history/../../x", "/logout", "/?\r\nx: y", None],
)
def test_after_the_login_one_stays_here(asked: str | None) -> None:
    assert next_page(asked) == "/"


@pytest.mark.parametrize(("language", "text"), [("en", "There is no such page"), ("pt-BR", "Esta página não existe")])
def test_a_page_that_is_not_there_is_told_in_the_readers_language(
    client: Callable[..., TestClient], language: str, text: str
) -> None:
    answer = client().get("/<b>nowhere", headers={"accept": "text/html", "accept-language": language})
    assert answer.status_code == 404
    assert text in answer.text
    assert "nowhere" not in answer.text
    assert all(f'href="{path}"' in answer.text for path in PAGES.values())


def test_a_program_that_asks_for_what_is_not_there_gets_no_page(client: Callable[..., TestClient]) -> None:
    answer = client().get("/nowhere", headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


def test_every_answer_is_guarded(client: Callable[..., TestClient]) -> None:
    for one, path in ((client(), "/"), (client(), "/nowhere"), (client(PASSWORD), "/"), (client(PASSWORD), "/login")):
        headers = one.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_photo_is_a_photo_and_nothing_else(
    client: Callable[..., TestClient], script: Any, eventually: Callable[..., bool]
) -> None:
    one = client()
    assert one.get("/photo/porch").status_code == 404
    script.say("sagui/porch/snapshot", b"\xff\xd8\xff<script>")
    assert eventually(lambda: one.get("/photo/porch").status_code == 200)
    answer = one.get("/photo/porch?3")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-security-policy"] == "sandbox"


def test_a_day_can_be_downloaded(client: Callable[..., TestClient]) -> None:
    answer = client().get(f"/export/csv?device=porch&day={DAY}")
    assert answer.headers["content-disposition"] == f'attachment; filename="porch-{DAY}.csv"'
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["id"], line["label"]) for line in table] == [("a-1", "cat")]


def test_a_day_can_be_downloaded_as_parquet(client: Callable[..., TestClient]) -> None:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    answer = client().get(f"/export/parquet?device=porch&day={DAY}")
    assert pq.read_table(io.BytesIO(answer.content)).to_pylist()[0]["label"] == "cat"


@pytest.mark.parametrize(
    "query",
    ["csv", "csv?device=porch", f"csv?device=../x&day={DAY}", f"exe?device=porch&day={DAY}", "csv?device=p&day=x"],
)
def test_a_download_of_nothing_is_refused(client: Callable[..., TestClient], query: str) -> None:
    assert client().get(f"/export/{query}").status_code == 400


def test_a_database_that_is_away_is_told(client: Callable[..., TestClient], tmp_path: Path, history: History) -> None:
    one = client()
    for file in sorted(tmp_path.glob("history.db*")):
        file.unlink(missing_ok=True)
    answer = one.get(f"/export/csv?device=porch&day={DAY}")
    assert answer.status_code == 503
    assert "history.db" in answer.text


def test_what_a_person_likes_is_remembered(client: Callable[..., TestClient]) -> None:
    answer = client().get("/choose?theme=dark&lang=pt&next=/models")
    assert answer.headers["location"] == "/models"
    assert "sagui_theme=dark" in answer.headers["set-cookie"]
    ignored = client().get("/choose?theme=<x>&lang=zz&next=//evil.example")
    assert "set-cookie" not in ignored.headers
    assert ignored.headers["location"] == "/"
