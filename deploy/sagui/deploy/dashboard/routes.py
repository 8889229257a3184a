"""What is no page of NiceGUI: photos, files to download, logging in, and what a person likes."""

from collections.abc import Iterable, Iterator
from itertools import chain
from tempfile import SpooledTemporaryFile
from urllib.parse import parse_qs

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler
from nicegui import app as inner
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from sagui.deploy.dashboard.door.access import SESSION_S, Door
from sagui.deploy.dashboard.door.gate import COOKIE, LOGIN
from sagui.deploy.dashboard.frame import LANGUAGE, PAGES, THEME, THEMES, language_of
from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.past.page import day_ms
from sagui.deploy.dashboard.texts import LANGUAGES, speak
from sagui.deploy.dashboard.writing import page
from sagui.deploy.history import History, HistoryError, Row
from sagui.deploy.history.export import csv_pages, write_parquet
from sagui.deploy.history.rows import DAY_MS
from sagui.wire import WireError, topics

_MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_YEAR_S = 365 * 86_400
_IN_MEMORY_BYTES = 8 * 2**20
_CHUNK_BYTES = 256 * 1024
_LONGEST_FORM_BYTES = 4096


def add_routes(app: FastAPI, board: Board, history: History, door: Door | None) -> None:
    """Adds them.

    Args:
        app: To this.
        board: Has the photos.
        history: Has the results.
        door: Knows the password; None where there is none.
    """
    _add_photos(app, board)
    _add_exports(app, history)
    app.add_route("/choose", _choose)
    for one in (app, inner):  # what is no route of ours is looked for among NiceGUI's, which would log and show its own
        one.add_exception_handler(404, _missing)
    if door is not None:
        _add_login(app, door)


def next_page(asked: str | None) -> str:
    """Gives the page to go back to: one of ours, whatever was asked for.

    >>> next_page("/history?device=porch"), next_page("//evil.example/")
    ('/history?device=porch', '/')
    """
    path, _, query = (asked or "").partition("?")
    if path not in PAGES.values() or not query.isascii() or not query.isprintable():
        return "/"
    return f"{path}?{query}" if query else path


def _add_photos(app: FastAPI, board: Board) -> None:
    @app.get("/photo/{device}")
    def photo(device: str) -> Response:
        found = board.photo(device)
        if found is None:
            return PlainTextResponse("no photo", 404)
        headers = {"cache-control": "private, max-age=600", "content-security-policy": "sandbox"}
        return Response(found.jpeg, media_type="image/jpeg", headers=headers)


def _add_exports(app: FastAPI, history: History) -> None:
    @app.get("/export/{kind}")
    def export(kind: str, device: str = "", day: str = "") -> Response:
        begin_ms = day_ms(day)
        try:
            topics.check_device(device)
        except WireError as error:
            return PlainTextResponse(str(error), 400)
        if begin_ms is None or kind not in _MEDIA:
            return PlainTextResponse("use /export/csv or /export/parquet?device=DEVICE&day=2026-11-21", 400)
        pages = history.rows(device, begin_ms, begin_ms + DAY_MS)
        try:
            first = next(pages, [])  # so that a database that is away is told
        except HistoryError as error:
            return PlainTextResponse(str(error), 503)
        stream = (csv_pages if kind == "csv" else _parquet)(chain([first], pages))
        headers = {"content-disposition": f'attachment; filename="{device}-{day}.{kind}"'}
        return StreamingResponse(stream, media_type=_MEDIA[kind], headers=headers)


def _parquet(pages: Iterable[list[Row]]) -> Iterator[bytes]:
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        write_parquet(pages, file)
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


async def _missing(request: Request, error: Exception) -> Response:
    if "text/html" not in request.headers.get("accept", "") and isinstance(error, HTTPException):
        return await http_exception_handler(request, error)
    language = language_of(request)
    return HTMLResponse(page("missing.html.j2", say=speak(language), language=language, pages=PAGES), 404)


async def _choose(request: Request) -> Response:
    asked = request.query_params
    answer = RedirectResponse(next_page(asked.get("next")), 303)
    for name, value, allowed in ((THEME, asked.get("theme"), THEMES), (LANGUAGE, asked.get("lang"), LANGUAGES)):
        if value in allowed:
            answer.set_cookie(name, str(value), max_age=_YEAR_S, httponly=True, samesite="lax")
    return answer


def _add_login(app: FastAPI, door: Door) -> None:
    def form(request: Request, problem: str = "", status: int = 200) -> Response:
        language = language_of(request)
        say = speak(language)
        after = next_page(request.query_params.get("next"))
        text = page("login.html.j2", say=say, language=language, problem=problem and say(problem), next=after)
        return HTMLResponse(text, status, headers={"cache-control": "no-store"})

    async def enter(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_FORM_BYTES:
                return PlainTextResponse("too long", 413)
        fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
        address = request.client.host if request.client else ""
        session = door.enter(fields.get("password", [""])[0], address)
        if session is None:
            waits = door.must_wait(address)
            return form(request, "login_wait" if waits else "login_wrong", 429 if waits else 403)
        answer = RedirectResponse(next_page(fields.get("next", ["/"])[0]), 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, session, max_age=SESSION_S, httponly=True, samesite="strict", secure=secure)
        return answer

    async def leave(_request: Request) -> Response:
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(COOKIE)
        return answer

    async def ask(request: Request) -> Response:
        return form(request)

    app.add_route(LOGIN, ask, methods=["GET"])
    app.add_route(LOGIN, enter, methods=["POST"])
    app.add_route("/logout", leave)
