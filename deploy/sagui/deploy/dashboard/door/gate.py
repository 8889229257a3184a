"""Stands before every page, file and socket: lets in whom the rules of `access` let in."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from sagui.deploy.dashboard.door.access import Door, came_straight, is_own_host, is_same_origin
from sagui.deploy.dashboard.door.proxies import Proxies
from sagui.deploy.dashboard.errors import ForgedError

COOKIE = "sagui_session"
LOGIN = "/login"

USER = "sagui.user"
"""Key of a request's scope: who a proxy says it is."""

# NiceGUI compiles its components in the browser, which needs eval; nothing may come from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_LOOPBACK = "127.0.0.1"
_READING = frozenset({"GET", "HEAD"})
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Gate:
    """An ASGI middleware.

    Attributes:
        app: What is behind it.
    """

    def __init__(self, app: ASGIApp, door: Door | None, proxies: Proxies | None = None) -> None:
        """Closes.

        Args:
            app: What is behind it.
            door: Knows the password; None where there is none.
            proxies: Say who a person is; with neither, only this machine can reach us.
        """
        self.app, self._door, self._proxies = app, door, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif refusal is not None:
            await refusal(scope, receive, _guarded(send))
        else:
            await self.app(scope, receive, _guarded(send))

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        is_open = self._door is None and self._proxies is None
        if is_open and not is_own_host(host):
            return PlainTextResponse("Use http://localhost, or start the dashboard with --password-file.", 421)
        if not is_same_origin(headers.get("origin"), host):
            return PlainTextResponse("This comes from another site's page.", 403)
        if self._proxies is not None:
            try:
                scope[USER] = _user(scope, host, self._proxies)
            except ForgedError as error:
                return PlainTextResponse(str(error), 403)
        return None if is_open or scope.get(USER) else self._ask(scope, headers)

    def _ask(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        """Asks for the password, where there is one."""
        if self._door is None:
            return PlainTextResponse("Log in at the proxy before the dashboard.", 401)
        if scope["path"] == LOGIN or self._door.knows(_session(headers)):
            return None
        if scope["type"] == "websocket" or scope["method"] not in _READING or not _wants_page(headers):
            return PlainTextResponse("Log in first.", 401)
        return RedirectResponse(f"{LOGIN}?next={quote(scope['path'])}", 303)


def with_clients(app: ASGIApp, proxies: Proxies | None) -> ASGIApp:
    """Tells `app` of the browser behind a proxy: who guesses passwords, and whether it came by TLS."""
    trusted = list(map(str, proxies.networks)) if proxies else [_LOOPBACK]
    return ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type, return-value]  # uvicorn's own names of ASGI


def _user(scope: Scope, host: str, proxies: Proxies) -> str | None:
    values = [value for name, value in scope["headers"] if name == proxies.header.encode()]
    peer, _ = scope.get("client") or ("", 0)
    _, port = scope.get("server") or ("", 0)
    if values and came_straight(host, peer, port):
        raise ForgedError(
            f"This did not come by the proxy, for it asks for our own port {port}; "
            f"only the proxy may say {proxies.header}. Give the dashboard another --port than the proxy's."
        )
    return proxies.user(peer, values)


def _wants_page(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "")


def _session(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _guarded(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded
