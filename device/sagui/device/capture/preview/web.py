"""The picture on a small web page, with a button for each label.

Every address asks for a key that only the printed link holds: no other page a browser shows, and nobody else on the
network, can look or press a button.
"""

import json
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np

from sagui.device.capture.errors import CaptureError
from sagui.device.capture.jpeg import encode_jpeg
from sagui.device.capture.preview.listen import Place
from sagui.device.capture.preview.page import page
from sagui.device.capture.preview.port import Status
from sagui.infer.preprocess import Photo

_MOST_BODY_BYTES = 4096
_TIMEOUT_S = 10
_LONG_SIDE = 960
_QUALITY = 80


class WebPreview:
    """Serves the page in threads of its own until it is closed."""

    def __init__(
        self,
        place: Place,
        accept: Callable[[str], str],
        labels: Callable[[], list[str]],
        write: Callable[[str], None],
    ) -> None:
        """Opens the page.

        Args:
            place: Where it listens.
            accept: Checks a label that a person wrote, and gives it as it will be; raises `CaptureError`.
            labels: Those that have a folder already.
            write: Takes lines for the terminal: the link, and warnings.

        Raises:
            CaptureError: The port is taken, or the host is not this machine's.
        """
        self._accept, self._labels, self._write = accept, labels, write
        self._lock = threading.Lock()
        self._photo: Photo | None = None
        self._status: Status | None = None
        self._wanted: str | None = None
        self._said = ""
        self.key = secrets.token_urlsafe(16)
        self._server = _served(place, self)
        self.place = Place(place.host, self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="preview", daemon=True).start()
        write(f"preview: http://{self.place}/?key={self.key}")
        if not place.is_local:
            write(
                f"warning: {self.place} is open to the network, unencrypted: who has the link or listens on the way "
                "sees the camera; leave --listen out, and use ssh -L from elsewhere"
            )

    def show(self, photo: Photo, status: Status) -> None:
        """See `Preview.show`."""
        with self._lock:
            self._photo, self._status = photo, status

    def label(self, current: str) -> str:
        """See `Preview.label`."""
        with self._lock:
            wanted, self._wanted = self._wanted, None
        return current if wanted is None else wanted

    def say(self, text: str) -> None:
        """See `Preview.say`; on the page, too."""
        with self._lock:
            self._said = text
        self._write(text)

    def close(self) -> None:
        """See `Preview.close`."""
        self._server.shutdown()
        self._server.server_close()

    def choose(self, written: str) -> None:
        """Takes a label that a person chose on the page; empty is a pause.

        Raises:
            CaptureError: It cannot be one.
        """
        label = self._accept(written) if written else ""
        with self._lock:
            self._wanted = label

    def document(self) -> dict[str, Any]:
        """What the page shows beside the picture."""
        with self._lock:
            status, wanted, said = self._status, self._wanted, self._said
        label = wanted if wanted is not None else (status.label if status else "")
        labels = sorted({*self._labels(), *([label] if label else [])})
        return {"text": str(status or "waiting for the camera"), "label": label, "labels": labels, "said": said}

    def frame(self) -> bytes | None:
        """The newest frame as a JPEG of at most 960 pixels across; None before the first."""
        with self._lock:
            photo = self._photo
        if photo is None:
            return None
        height, width = photo.shape[:2]
        scale = min(1.0, _LONG_SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return encode_jpeg(np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8), _QUALITY)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, place: Place, preview: WebPreview) -> None:
        self.preview = preview
        self.address_family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
        super().__init__((place.host, place.port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (the signature is the library's)
        # A browser that goes away is no news.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _served(place: Place, preview: WebPreview) -> _Server:
    try:
        return _Server(place, preview)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CaptureError(f"the preview cannot listen on {place}: {reason}; choose another with --listen") from error


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "sagui", ""
    timeout = _TIMEOUT_S

    def do_GET(self) -> None:
        """Gives the page, the newest frame, or how it stands."""
        path = self._path()
        try:
            self._get(path)
        except CaptureError as error:
            self._answer_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})

    def _get(self, path: str | None) -> None:
        if path == "/":
            nonce = secrets.token_urlsafe(16)
            policy = (
                f"default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'nonce-{nonce}'; "
                f"script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            )
            content = page(self.server.preview.key, nonce)
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", content, {"Content-Security-Policy": policy})
        elif path == "/status.json":
            self._answer_json(HTTPStatus.OK, self.server.preview.document())
        elif path == "/frame.jpg" and (frame := self.server.preview.frame()) is not None:
            self._answer(HTTPStatus.OK, "image/jpeg", frame)
        elif path is not None:
            self._answer_json(HTTPStatus.NOT_FOUND, {"error": "there is nothing here, or not yet"})

    def do_POST(self) -> None:
        """Takes a label."""
        path = self._path()
        if path is None:
            return
        if path != "/label":
            self._answer_json(HTTPStatus.NOT_FOUND, {"error": "there is nothing here"})
            return
        try:
            self.server.preview.choose(self._label())
            self._answer_json(HTTPStatus.OK, self.server.preview.document())
        except CaptureError as error:
            self._answer_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 (the signature is the library's)
        """Says nothing: a line for each picture would bury the rest."""

    def _path(self) -> str | None:
        """What is asked for; None, and an answer, if the key is wrong."""
        parts = urlsplit(self.path)
        key = parse_qs(parts.query).get("key", [""])[0]
        if secrets.compare_digest(key.encode(), self.server.preview.key.encode()):
            return parts.path
        self._answer_json(HTTPStatus.FORBIDDEN, {"error": "use the whole link that sagui capture printed"})
        return None

    def _label(self) -> str:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= _MOST_BODY_BYTES):  # noqa: PLR2004
            self.close_connection = True
            raise CaptureError(f"a label takes at most {_MOST_BODY_BYTES} bytes")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise CaptureError("that is no JSON") from error
        label = body.get("label") if isinstance(body, dict) else None
        if not isinstance(label, str):
            raise CaptureError('send a label such as {"label": "cat"}')
        return label

    def _answer_json(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        self._answer(status, "application/json", json.dumps(document).encode())

    def _answer(self, status: HTTPStatus, kind: str, content: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        for name, value in (headers | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
