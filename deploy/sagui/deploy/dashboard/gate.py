"""Stands before every page, file and socket: lets in whom the rules of `access` let in."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sagui.deploy.dashboard.access import Door, is_own_host, is_same_origin

COOKIE = "sagui_session"
LOGIN = "/login"

# NiceGUI compiles its components in the browser, which needs eval; nothing may come from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
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

    def __init__(self, app: ASGIApp, door: Door | None) -> None:
        """Closes.

        Args:
            app: What is behind it.
            door: Knows the password; None where only this machine can reach us.
        """
        self.app, self._door = app, door

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
        if self._door is None and not is_own_host(host):
            return PlainTextResponse("Use http://localhost, or start the dashboard with --password-file.", 421)
        changes = scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD"}
        if changes and not is_same_origin(headers.get("origin"), host):
            return PlainTextResponse("This comes from another site's page.", 403)
        if self._door is None or scope["path"] == LOGIN or self._door.knows(_session(headers)):
            return None
        if changes or "text/html" not in headers.get("accept", ""):
            return PlainTextResponse("Log in first.", 401)
        return RedirectResponse(f"{LOGIN}?next={quote(scope['path'])}", 303)


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
