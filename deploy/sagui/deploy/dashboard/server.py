"""The dashboard as a whole: the line to the broker, the history, and the pages."""

import errno
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic

import click
import uvicorn
from fastapi import FastAPI
from nicegui import run, ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request

from sagui.deploy.dashboard.door.access import Door
from sagui.deploy.dashboard.door.gate import Gate, with_clients
from sagui.deploy.dashboard.door.proxies import Proxies
from sagui.deploy.dashboard.drift.page import DriftPage
from sagui.deploy.dashboard.drift.survey import Survey
from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.dashboard.frame import PAGES, frame
from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.live.ears import Ears
from sagui.deploy.dashboard.models.page import ModelsPage
from sagui.deploy.dashboard.models.reckoner import Reckoner
from sagui.deploy.dashboard.models.reports import add_reports
from sagui.deploy.dashboard.models.shelf import Shelf, Source
from sagui.deploy.dashboard.now.page import NowPage
from sagui.deploy.dashboard.past.page import HistoryPage
from sagui.deploy.dashboard.routes import add_routes
from sagui.deploy.history import History, Writer, open_history
from sagui.deploy.rollout.address import Address

_GOODBYE_S = 10
_AWAY_S = 10.0
"""So long a page may be cut off without losing what a person has chosen and typed on it."""

_PATIENCE_S = 60.0
_QUICK = 1
"""Of gzip: a page of 500 cards must not wait for its compression."""


@dataclass(frozen=True)
class Options:
    """What was asked for.

    Attributes:
        host: Where to listen.
        port: Where to listen; 0 takes a free one.
        database: A file, or ``postgresql://...``.
        days: How long results are kept; 0 for ever.
        password: What the pages ask for; None for nothing.
        protocol: The version of MQTT.
        proxies: Say who a person is; None where there are none.
        source: Where the registry is; None where none was given.
    """

    host: str
    port: int
    database: str
    days: int
    password: str | None
    protocol: str = "5"
    proxies: Proxies | None = None
    source: Source | None = None


@dataclass(frozen=True)
class _Parts:
    """What the pages show."""

    board: Board
    ears: Ears
    history: History
    shelf: Shelf | None
    has_login: bool


def serve(address: Address, options: Options, ready: Callable[[str], None]) -> None:
    """Serves the dashboard until SIGINT or SIGTERM.

    Args:
        address: The broker; it may be away.
        options: What was asked for.
        ready: Called with the address of the pages once they can be opened.

    Raises:
        DashboardError: It cannot listen there.
        HistoryError: The database cannot be used.
    """
    listener = _listen(options.host, options.port)
    history = open_history(options.database)
    writer = Writer(history, days=options.days)
    ears = Ears(address, _client_id(options), options.protocol)
    board = Board(ears, writer)
    door = Door(options.password, monotonic) if options.password is not None else None
    shelf = Shelf(options.source) if options.source is not None else None
    app = FastAPI(openapi_url=None)
    add_routes(app, board, history, door)
    add_reports(app, shelf)
    _add_pages(_Parts(board, ears, history, shelf, has_login=door is not None))
    ui.run_with(
        app,
        title="Sagui",
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=_AWAY_S,
        favicon="🐒",
        gzip_middleware_factory=lambda inner: GZipMiddleware(inner, compresslevel=_QUICK),
    )
    server = uvicorn.Server(_config(app, door, options.proxies))
    # One that comes before uvicorn listens for it must end it, too; and uvicorn raises the signal that ended it once
    # more, for whoever was there before: what follows must still be done.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.handle_exit)
    shown = f"[{options.host}]" if ":" in options.host else options.host
    try:
        ready(f"http://{shown}:{listener.getsockname()[1]}")
        board.tell(lambda line: click.echo(line, err=True))
        server.run(sockets=[listener])
    finally:
        if shelf is not None:
            shelf.close()
        ears.close()
        board.close()
        writer.close()


def _add_pages(parts: _Parts) -> None:
    board, has_login = parts.board, parts.has_login
    reckoner, survey = Reckoner(board), Survey(parts.history)

    @ui.page(PAGES["now"])
    def now(request: Request) -> None:
        with frame(request, board, "now", has_login=has_login) as around:
            NowPage(board, around)

    @ui.page(PAGES["history"])
    def past(request: Request) -> None:
        with frame(request, board, "history", has_login=has_login) as around:
            HistoryPage(parts.history, board, around, request)

    @ui.page(PAGES["models"], response_timeout=_PATIENCE_S)
    async def models(request: Request) -> None:
        await run.io_bound(reckoner.look)  # before anything is shown: what came later would move the page
        with frame(request, board, "models", has_login=has_login) as around:
            ModelsPage(board, parts.ears, around, reckoner, parts.shelf)

    @ui.page(PAGES["drift"])
    def drift(request: Request) -> None:
        with frame(request, board, "drift", has_login=has_login) as around:
            DriftPage(survey, around, request)


def _config(app: FastAPI, door: Door | None, proxies: Proxies | None) -> uvicorn.Config:
    return uvicorn.Config(
        Gate(with_clients(app, proxies), door, proxies),
        log_level="warning",
        timeout_graceful_shutdown=_GOODBYE_S,
        server_header=False,
        proxy_headers=False,  # the gate must see who really is at the other end
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise DashboardError(_not_listening(host, port, error)) from error


def _not_listening(host: str, port: int, error: OSError) -> str:
    why = (error.strerror or str(error)).partition(" (while ")[0]  # Python repeats the address
    if error.errno == errno.EADDRNOTAVAIL or (error.errno or 0) < 0:  # below 0: the name is not known
        return f"cannot listen on --host {host}: {why}; use a name or an address of this machine"
    return f"cannot listen on {host}:{port}: {why}; choose another --port"


def _client_id(options: Options) -> str:
    """The same at the next start, so that the broker knows its session again; two that run at once differ."""
    place = f"{socket.gethostname()} {options.host}:{options.port} {options.database}"
    return f"sagui-dashboard-{sha256(place.encode()).hexdigest()[:12]}"
