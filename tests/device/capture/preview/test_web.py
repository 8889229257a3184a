"""The web page, over real HTTP."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.capture.errors import CaptureError
from sagui.device.capture.labels import check_label
from sagui.device.capture.preview.listen import Place, parse_listen
from sagui.device.capture.preview.port import Status
from sagui.device.capture.preview.web import WebPreview
from sagui.infer.preprocess import decode_photo

STATUS = Status("cat", 3, 3, None, 2, None)


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def preview(written: list[str]) -> Iterator[WebPreview]:
    made = WebPreview(Place("127.0.0.1", 0), check_label, lambda: ["dog"], written.append)
    yield made
    made.close()


def ask(preview: WebPreview, path: str, body: bytes | None = None, key: str | None = None) -> tuple[int, str, bytes]:
    with closing(HTTPConnection("127.0.0.1", preview.place.port, timeout=5)) as connection:
        given_key = preview.key if key is None else key
        connection.request("GET" if body is None else "POST", f"{path}?key={given_key}", body)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()


def told(preview: WebPreview) -> dict[str, Any]:
    return dict(json.loads(ask(preview, "/status.json")[2]))


def test_the_link_that_is_printed_leads_to_the_page(preview: WebPreview, written: list[str]) -> None:
    assert written == [f"preview: http://127.0.0.1:{preview.place.port}/?key={preview.key}"]
    code, kind, content = ask(preview, "/")
    assert (code, kind) == (200, "text/html; charset=utf-8")
    assert preview.key.encode() in content
    assert b"$" not in content


def test_nothing_but_the_pages_own_script_may_run(preview: WebPreview) -> None:
    with closing(HTTPConnection("127.0.0.1", preview.place.port, timeout=5)) as connection:
        connection.request("GET", f"/?key={preview.key}")
        answer = connection.getresponse()
        policy, content = answer.headers["Content-Security-Policy"], answer.read().decode()
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert policy.startswith("default-src 'none'")
    assert len(nonce) > 20
    assert content.count(f'nonce="{nonce}"') == 2


def test_the_newest_frame_is_shown_small(preview: WebPreview) -> None:
    assert ask(preview, "/frame.jpg")[0] == 404
    for shade in (10, 200):
        preview.show(np.full((900, 1800, 3), shade, np.uint8), STATUS)
    code, kind, content = ask(preview, "/frame.jpg")
    assert (code, kind) == (200, "image/jpeg")
    assert decode_photo(content).shape == (480, 960, 3)
    assert decode_photo(content).mean() > 190


@pytest.mark.parametrize(
    ("path", "body"), [("/", None), ("/frame.jpg", None), ("/status.json", None), ("/label", b"{}")]
)
@pytest.mark.parametrize("key", ["", "wrong", "%ff"])
def test_without_the_key_there_is_nothing_to_see_or_press(
    preview: WebPreview, path: str, body: bytes | None, key: str
) -> None:
    preview.show(np.zeros((4, 4, 3), np.uint8), STATUS)
    code, _, content = ask(preview, path, body, key)
    assert code == 403
    assert preview.key.encode() not in content


def test_a_button_chooses_the_label_and_a_pause(preview: WebPreview) -> None:
    preview.show(np.zeros((4, 4, 3), np.uint8), STATUS)
    assert preview.label("cat") == "cat"
    code, _, content = ask(preview, "/label", b'{"label": " fox "}')
    assert code == 200
    assert json.loads(content)["label"] == "fox"
    assert told(preview)["labels"] == ["dog", "fox"]
    assert preview.label("cat") == "fox"
    assert preview.label("fox") == "fox"
    assert ask(preview, "/label", b'{"label": ""}')[0] == 200
    assert preview.label("fox") == ""


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"label": 1}', b"{}", b'{"label": "../x"}', b"\xff", b"[" * 4000, b"x" * 5000],
    ids=repr,
)
def test_a_bad_request_changes_nothing(preview: WebPreview, body: bytes) -> None:
    code, _, content = ask(preview, "/label", body)
    assert code == 400
    assert json.loads(content)["error"]
    assert preview.label("cat") == "cat"


def test_a_body_that_does_not_say_how_long_it_is_is_refused(preview: WebPreview) -> None:
    for length in (b"", b"Content-Length: -1\r\n", b"Content-Length: 1e3\r\n", b"Content-Length: 99999999999\r\n"):
        with closing(socket.create_connection(("127.0.0.1", preview.place.port), 5)) as client:
            client.sendall(b"POST /label?key=" + preview.key.encode() + b" HTTP/1.0\r\n" + length + b"\r\n")
            assert client.recv(100).startswith(b"HTTP/1.0 400")


def test_other_places_are_not_there(preview: WebPreview) -> None:
    assert ask(preview, "/../../etc/passwd")[0] == 404
    assert ask(preview, "/frame.jpg", b"{}")[0] == 404


def test_a_warning_is_on_the_page_and_in_the_terminal(preview: WebPreview, written: list[str]) -> None:
    preview.say("warning: <b>dark</b>")
    assert told(preview)["said"] == "warning: <b>dark</b>"
    assert written[-1] == "warning: <b>dark</b>"


def test_a_browser_that_goes_away_is_no_news(preview: WebPreview, capsys: pytest.CaptureFixture[str]) -> None:
    client = socket.create_connection(("127.0.0.1", preview.place.port), 5)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # close with a reset
    client.sendall(b"GET / HTTP/1.1\r\n")
    client.close()
    assert told(preview)["text"] == "waiting for the camera"
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_read_is_told_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    def unreadable() -> list[str]:
        raise CaptureError("photos: cannot be read")

    preview = WebPreview(Place("127.0.0.1", 0), check_label, unreadable, lambda _: None)
    code, _, content = ask(preview, "/status.json")
    preview.close()
    assert (code, json.loads(content)) == (500, {"error": "photos: cannot be read"})
    assert capsys.readouterr().err == ""


def test_many_look_at_once(preview: WebPreview) -> None:
    preview.show(np.zeros((90, 90, 3), np.uint8), STATUS)
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(ask(preview, "/frame.jpg")[0])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 20


def test_a_port_that_is_taken_is_one_line(preview: WebPreview) -> None:
    with pytest.raises(
        CaptureError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address already in use; choose another"
    ):
        WebPreview(preview.place, check_label, list, print)


def test_who_opens_it_to_the_network_is_warned(written: list[str]) -> None:
    WebPreview(Place("0.0.0.0", 0), check_label, list, written.append).close()  # noqa: S104 (that is the test)
    assert "open to the network" in written[1]


@pytest.mark.parametrize(
    ("text", "place", "local"),
    [
        ("127.0.0.1:8765", Place("127.0.0.1", 8765), True),
        ("[::1]:80", Place("::1", 80), True),
        ("localhost:0", Place("localhost", 0), True),
        ("0.0.0.0:80", Place("0.0.0.0", 80), False),  # noqa: S104 (likewise)
        ("camera.local:80", Place("camera.local", 80), False),
    ],
)
def test_places_are_read(text: str, place: Place, local: bool) -> None:  # noqa: FBT001 (a parameter)
    assert parse_listen(text) == place
    assert place.is_local is local
    assert str(place) == text


@given(st.text(max_size=30))
def test_what_is_no_place_is_refused(text: str) -> None:
    try:
        place = parse_listen(text)
    except CaptureError:
        return
    assert 0 <= place.port <= 65535
    assert place.host


@pytest.mark.parametrize("text", ["", "8080", ":8080", "host", "host:99999", "host:x", "a@b:1", "h:1/x", "[::1:80"])
def test_half_a_place_is_none(text: str) -> None:
    with pytest.raises(CaptureError, match="HOST:PORT"):
        parse_listen(text)
