"""Serving a registry from a desk, read-only; signatures are checked by who reads, so plain HTTP will do."""

import os
import re
import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sagui.deploy.registry.defaults import LISTEN
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.state import load
from sagui.registry import METADATA, ROOT, TARGETS

if TYPE_CHECKING:
    from starlette.requests import Request

_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):(?P<port>[0-9]{1,5})")
_LAST_PORT = 65535
_CHANGING = {"timestamp.json", ROOT}
_FRESH, _FOREVER = "no-cache", "public, max-age=31536000, immutable"


class _Files(StaticFiles):
    """Files of one folder, but for what begins with a dot; links that lead out of it are not followed."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if any(part.startswith(".") for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = _FRESH if Path(path).name in _CHANGING else _FOREVER
        return response


def application(folder: Path) -> Starlette:
    """Gives the web application: ``metadata/``, ``targets/`` and ``root.json``, and nothing else."""

    async def root(request: "Request") -> Response:
        return await _Files(directory=folder).get_response(ROOT, request.scope)

    return Starlette(
        routes=[
            Route(f"/{ROOT}", root, methods=["GET"]),
            Mount(f"/{METADATA}", _Files(directory=folder / METADATA)),
            Mount(f"/{TARGETS}", _Files(directory=folder / TARGETS)),
        ]
    )


def parse_listen(text: str) -> tuple[str, int]:
    """Reads ``HOST:PORT``.

    >>> parse_listen("127.0.0.1:8090")
    ('127.0.0.1', 8090)

    Raises:
        PublishError: It is none.
    """
    found = _LISTEN.fullmatch(text)
    if not found or int(found["port"]) > _LAST_PORT:
        raise PublishError(f"--listen {text}: give HOST:PORT, such as {LISTEN}")
    return found["host"].strip("[]"), int(found["port"])


def open_socket(host: str, port: int) -> socket.socket:
    """Opens the port before anything is said to be there.

    Raises:
        PublishError: It is taken, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PublishError(f"--listen {host}:{port}: cannot be opened: {reason}; choose another port") from error


def url_of(listening: socket.socket) -> str:
    """Gives the address that the registry has for others; for all interfaces, by the machine's name."""
    host, port = listening.getsockname()[:2]
    shown = socket.gethostname() if host in {"0.0.0.0", "::"} else host  # noqa: S104 (it is told apart, not opened)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def note_of(listening: socket.socket) -> str | None:
    """Says so where no other machine can reach the address, and what would change it; else nothing."""
    host, port = listening.getsockname()[:2]
    if not ip_address(host).is_loopback:
        return None
    return f"{host} is reached from this machine alone; devices need another address: --listen 0.0.0.0:{port}"


def serve(folder: Path, listening: socket.socket) -> None:
    """Serves a registry until SIGINT or SIGTERM.

    Args:
        folder: The registry.
        listening: What `open_socket` gave.
    """
    import uvicorn

    config = uvicorn.Config(application(folder), log_level="warning", access_log=False, lifespan="off")
    with suppress(KeyboardInterrupt):  # raised once more when it has ended
        uvicorn.Server(config).run(sockets=[listening])


def check(folder: Path) -> None:
    """Checks that there is something to serve.

    Raises:
        PublishError: The folder is no registry, or was changed.
    """
    load(folder)


def settings_for(url: str) -> str:
    """Gives the settings that point a device at a registry."""
    return f'[update]\nregistry = "{url}"\nroot = "/etc/sagui/root.json"'
