"""Serves a registry's files over HTTP on the loopback: well, or in one of the ways that break a careless client."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler", bytes], None]
"""Answers a request for a file in its own way; given its content."""


class Handler(BaseHTTPRequestHandler):
    """Gives what the server's files hold."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.server.asked.append((path, self.headers.get("Range")))
        answer = next((how for part, how in self.server.answers.items() if part in path), None)
        content = self.server.files.get(path)
        try:
            if answer is not None:
                answer(self, content or b"")
            elif content is None:
                self.send_error(404)
            else:
                well(self, content)
        except OSError:  # the client has seen enough
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (as http.server wants it)
        pass


class Server(ThreadingHTTPServer):
    """Serves until it is closed.

    Attributes:
        files: By path; may change at any time.
        answers: By a part of the path, how it is answered instead.
        asked: Path and Range of every request so far.
        over: Set when slow answers must end.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def ranges(self, part: str) -> list[str | None]:
        return [wanted for path, wanted in self.asked if part in path]


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Server]:
    """Serves while the block runs."""
    with Server(files) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()


# Ways to answer.


def well(handler: Handler, content: bytes) -> None:
    """As nginx does, ranges included."""
    wanted = handler.headers.get("Range")
    if wanted is None:
        _whole(handler, content)
        return
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        handler.send_response(416)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    handler.send_header("Content-Length", str(len(content) - start))
    handler.end_headers()
    handler.wfile.write(content[start:])


def without_ranges(handler: Handler, content: bytes) -> None:
    """All of it, whatever was asked for."""
    _whole(handler, content)


def other_range(handler: Handler, content: bytes) -> None:
    """A part that was not asked for."""
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes 0-{len(content) - 1}/{len(content)}")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def instead(content: bytes) -> Answer:
    """Other bytes."""
    return lambda handler, _content: _whole(handler, content)


def status(code: int) -> Answer:
    """A number, and no file."""
    return lambda handler, _content: handler.send_error(code)


def redirect(to: str) -> Answer:
    """Elsewhere."""

    def answer(handler: Handler, _content: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def breaking_off(after: int) -> Answer:
    """As a lost connection does: so many bytes of those that were asked for, and no more."""

    def answer(handler: Handler, content: bytes) -> None:
        wanted = handler.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        handler.send_response(206 if wanted else 200)
        if wanted:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        handler.wfile.write(content[start : start + after])
        handler.close_connection = True

    return answer


def endless(handler: Handler, content: bytes) -> None:
    """The file, and then more without end."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(content)
    while not handler.server.over.is_set():
        handler.wfile.write(b" " * 65536)


def dripping(handler: Handler, content: bytes) -> None:
    """A byte now and then, so that a socket's timeout never passes."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    for at in range(len(content)):
        handler.wfile.write(content[at : at + 1])
        if handler.server.over.wait(0.02):
            return


def dripping_headers(handler: Handler, _content: bytes) -> None:
    """A first line that never ends."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 ")
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"O")


def silent(handler: Handler, _content: bytes) -> None:
    """Nothing at all."""
    handler.close_connection = True
    handler.server.over.wait(30)


def _whole(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
