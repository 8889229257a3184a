"""One file over a network that comes and goes."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.attacks.registry import bundle, digest
from tests.attacks.server import (
    Answer,
    Handler,
    Server,
    breaking_off,
    dripping,
    endless,
    instead,
    other_range,
    serving,
    silent,
    status,
    well,
    without_ranges,
)

from sagui.device.errors import Cancelled, DistrustError, SourceAwayError, SourceError, StoreError
from sagui.device.store.filesystem import RealFilesystem
from sagui.device.update.fetch import Fetcher, Signed, part_of
from sagui.device.update.limits import LIMITS, Limits
from sagui.device.update.pace import Pace
from sagui.device.update.transport import check_registry, redirected

CONTENT = bundle(3, 100_000)
SIGNED = Signed("pets/pets-1.0.0.sagui", digest(CONTENT), len(CONTENT))
PIECES = Limits(chunk_bytes=1 << 12)
IMPATIENT = Limits(connect_s=5, silence_s=0.3, download_s=0.8, window_s=0.2, least_bytes_per_s=10_000)


class Disk(RealFilesystem):
    """The real one; full after so many bytes."""

    def __init__(self, room: int = 1 << 40) -> None:
        self.room = room

    def append(self, path: Path, content: bytes) -> None:
        if len(content) > self.room:
            raise OSError(28, "No space left on device")
        self.room -= len(content)
        super().append(path, content)


class Fetched:
    """A file that is to be fetched, and what is seen of that."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.to = folder / "pets.sagui"
        self.part = part_of(self.to, SIGNED.sha256)
        self.told: list[tuple[int, int]] = []

    def fetch(self, limits: Limits = PIECES, signed: Signed = SIGNED, disk: Disk | None = None, url: str = "") -> None:
        fetcher = Fetcher(limits, time.monotonic, disk or Disk())
        fetcher.fetch(url or f"{self.server.url}/file", signed, self.to, lambda *told: self.told.append(told))

    def is_whole(self) -> bool:
        """The file is there, and nothing else is."""
        return self.to.read_bytes() == CONTENT and [path.name for path in self.to.parent.iterdir()] == [self.to.name]

    def left(self) -> list[str]:
        return sorted(path.name for path in self.to.parent.iterdir())


@pytest.fixture
def fetched(tmp_path: Path) -> Iterator[Fetched]:
    with serving({"file": CONTENT}) as server:
        yield Fetched(server, tmp_path)


def test_a_file_comes_whole_and_the_progress_goes_up(fetched: Fetched) -> None:
    fetched.fetch()
    assert fetched.is_whole()
    assert fetched.told[0] == (0, len(CONTENT))
    assert fetched.told[-1] == (len(CONTENT), len(CONTENT))
    assert fetched.told == sorted(fetched.told)


def test_a_file_that_was_there_is_replaced(fetched: Fetched) -> None:
    fetched.to.write_bytes(b"old")
    fetched.fetch()
    assert fetched.is_whole()


def test_what_came_before_a_break_is_not_fetched_again(fetched: Fetched) -> None:
    fetched.server.answers["file"] = breaking_off(30_000)
    for broken in range(1, 4):
        with pytest.raises(SourceAwayError, match="broke off"):
            fetched.fetch()
        assert fetched.part.stat().st_size == broken * 30_000
        assert not fetched.to.exists()
    fetched.fetch()
    assert fetched.is_whole()
    assert fetched.server.ranges("file") == [None, "bytes=30000-", "bytes=60000-", "bytes=90000-"]
    assert (90_000, len(CONTENT)) in fetched.told


@pytest.mark.parametrize("answer", [without_ranges, instead(CONTENT)])
def test_a_server_that_knows_no_ranges_gives_all_of_it(answer: Answer, fetched: Fetched) -> None:
    fetched.part.write_bytes(CONTENT[:50_000])
    fetched.server.answers["file"] = answer
    fetched.fetch()
    assert fetched.is_whole()


def test_another_range_than_was_asked_for_is_not_taken(fetched: Fetched) -> None:
    fetched.part.write_bytes(CONTENT[:50_000])
    fetched.server.answers["file"] = other_range
    with pytest.raises(SourceAwayError, match="asked for bytes from 50000"):
        fetched.fetch()
    assert fetched.part.read_bytes() == CONTENT[:50_000]


def test_a_server_on_which_the_file_ends_earlier_is_asked_from_the_start(fetched: Fetched) -> None:
    fetched.part.write_bytes(CONTENT[:50_000])
    asked: list[None] = []

    def beyond(handler: Handler, content: bytes) -> None:
        asked.append(None)
        (status(416) if len(asked) == 1 else well)(handler, content)

    fetched.server.answers["file"] = beyond
    fetched.fetch()
    assert fetched.is_whole()


@pytest.mark.parametrize("spoilt", [b"\0" * 50_000, CONTENT[:49_999] + b"?", b"\0" * 100_000, b"\0" * 200_000])
def test_a_beginning_that_a_power_cut_spoilt_is_fetched_anew(spoilt: bytes, fetched: Fetched) -> None:
    fetched.part.write_bytes(spoilt)
    fetched.fetch()
    assert fetched.is_whole()


def test_a_whole_beginning_needs_no_server(fetched: Fetched) -> None:
    fetched.part.write_bytes(CONTENT)
    fetched.server.answers["file"] = status(503)
    fetched.fetch()
    assert fetched.is_whole()
    assert not fetched.server.asked


def test_the_beginning_of_another_version_is_removed(fetched: Fetched) -> None:
    part_of(fetched.to, "f" * 64).write_bytes(b"old")
    fetched.to.with_name("other.sagui.part").write_bytes(b"not ours")
    fetched.fetch()
    assert fetched.left() == ["other.sagui.part", "pets.sagui"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (instead(CONTENT[:-1] + b"?"), "^hash mismatch"),
        (instead(CONTENT[:-1]), "^length mismatch: pets/pets-1.0.0.sagui has 99999 bytes; 100000 were signed"),
        (instead(b""), "^length mismatch"),
        (instead(CONTENT + b"?"), "^endless data"),
        (endless, "^endless data"),
    ],
)
@pytest.mark.parametrize("begun", [0, 50_000])
def test_another_file_than_was_signed_leaves_nothing(answer: Answer, words: str, begun: int, fetched: Fetched) -> None:
    if begun:
        fetched.part.write_bytes(CONTENT[:begun])
    fetched.server.answers["file"] = answer
    with pytest.raises(DistrustError, match=words):
        fetched.fetch()
    assert fetched.left() == []
    fetched.server.answers.clear()
    fetched.fetch()
    assert fetched.is_whole()


@pytest.mark.parametrize("answer", [dripping, silent])
def test_a_file_that_comes_too_slowly_is_left_and_gone_on_with_later(answer: Answer, fetched: Fetched) -> None:
    fetched.part.write_bytes(CONTENT[:10])
    fetched.server.answers["file"] = answer
    with pytest.raises(SourceAwayError, match=r"^slow retrieval"):
        fetched.fetch(IMPATIENT)
    fetched.server.answers.clear()
    fetched.fetch()
    assert fetched.is_whole()


@pytest.mark.parametrize("code", [404, 403, 410])
def test_a_file_that_is_not_there_is_said(code: int, fetched: Fetched) -> None:
    fetched.server.answers["file"] = status(code)
    with pytest.raises(SourceError, match=f"is not there .HTTP {code}"):
        fetched.fetch()


def test_a_server_that_is_off_is_away(tmp_path: Path) -> None:
    with serving({}) as server:
        gone = Fetched(server, tmp_path)
    with pytest.raises(SourceAwayError, match="cannot be reached: Connection refused"):
        gone.fetch()


def test_a_name_that_does_not_exist_is_away(fetched: Fetched) -> None:
    with pytest.raises(SourceAwayError, match="cannot be reached"):
        fetched.fetch(url="http://registry.invalid/file")


@pytest.mark.parametrize(
    "speaks", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, b"\xff" * 99]
)
def test_what_is_no_web_server_is_away(speaks: bytes, fetched: Fetched) -> None:
    def speak(handler: Handler, _content: bytes) -> None:
        handler.close_connection = True
        handler.wfile.write(speaks)

    fetched.server.answers["file"] = speak
    with pytest.raises(SourceAwayError):
        fetched.fetch(IMPATIENT)


def test_a_folder_is_a_server_too(fetched: Fetched, tmp_path: Path) -> None:
    card = tmp_path / "a card"
    card.mkdir()
    (card / "file").write_bytes(CONTENT)
    fetched.part.write_bytes(CONTENT[:50_000])
    fetched.fetch(url=(card / "file").as_uri())
    assert fetched.to.read_bytes() == CONTENT
    with pytest.raises(SourceError, match="is not there"):
        fetched.fetch(url=(card / "other").as_uri())
    with pytest.raises(SourceError, match="is not there"):
        fetched.fetch(url=card.as_uri())


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(fetched: Fetched) -> None:
    class Small(Disk):
        def free_bytes(self, folder: Path) -> int:  # noqa: ARG002 (the port's signature)
            return 60_000

    with pytest.raises(StoreError, match="100000 bytes are needed and 60000 are free"):
        fetched.fetch(disk=Small())
    assert not fetched.server.asked
    fetched.part.write_bytes(CONTENT[:50_000])
    fetched.fetch(disk=Small())
    assert fetched.is_whole()


@pytest.mark.parametrize("room", [0, 4096, 50_000])
def test_a_disk_that_fills_up_meanwhile_leaves_no_half_a_file(room: int, fetched: Fetched) -> None:
    with pytest.raises(StoreError, match="No space left on device"):
        fetched.fetch(disk=Disk(room))
    assert not fetched.to.exists()
    fetched.fetch()
    assert fetched.is_whole()


def test_whoever_follows_the_progress_may_break_it_off(fetched: Fetched) -> None:
    def enough(here: int, _whole: int) -> None:
        if here > 40_000:
            raise Cancelled("the plan was halted")

    with pytest.raises(Cancelled, match="halted"):
        Fetcher(PIECES, time.monotonic, Disk()).fetch(f"{fetched.server.url}/file", SIGNED, fetched.to, enough)
    assert not fetched.to.exists()
    fetched.fetch()
    assert fetched.is_whole()


def test_from_https_to_http_no_redirect_is_followed() -> None:
    with pytest.raises(SourceError, match="redirected from https to http://"):
        redirected("https://models.example.org/a", "http://models.example.org/a")
    assert redirected("http://a.example/x/y", "../z") == "http://a.example/z"
    assert redirected("http://a.example/x", "https://b.example/z") == "https://b.example/z"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "models.example.org",
        "ftp://models.example.org",
        "http://",
        "https:///pets",
        "http://[::1",
        "http://a:b",
        "http://h:0/",
        "file://elsewhere/folder",
        "file:",
        "file:///",
        "https://models.example.org/?a=b",
        "https://models.example.org/#a",
        "//models.example.org",
    ],
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(url: str) -> None:
    with pytest.raises(SourceError, match="no address"):
        check_registry(url)


@pytest.mark.parametrize("url", ["https://me:hunter2@models.example.org/", "http://me@h/x", "file://me:hunter2@h/x"])
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SourceError, match="password") as refused:
        check_registry(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["file:///srv/a%20b/", "http://[::1]:8000/x", "https://h", "file://localhost/srv/x"])
def test_addresses_are_taken(url: str) -> None:
    assert check_registry(url) == url.rstrip("/")


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    for prefix in ("", "http://", "file://", "https://h/"):
        with contextlib.suppress(SourceError):
            assert check_registry(prefix + text).startswith(("http", "file"))


@given(st.lists(st.tuples(st.integers(0, 5000), st.floats(0.1, 30)), max_size=60))
def test_a_pace_below_the_least_in_any_whole_window_is_refused_and_no_other(steps: list[tuple[int, float]]) -> None:
    """Against the rule written the other way round: over all that came since the last window began."""
    now = [0.0]
    pace = Pace("it", LIMITS, lambda: now[0])
    since, came = 0.0, 0
    for count, passed in steps:
        now[0] += passed
        came += count
        slow = now[0] - since >= LIMITS.window_s and came < LIMITS.least_bytes_per_s * (now[0] - since)
        if slow:
            with pytest.raises(SourceAwayError, match="slow retrieval: it came at"):
                pace.took(count)
            return
        pace.took(count)
        if now[0] - since >= LIMITS.window_s:
            since, came = now[0], 0


def test_a_download_has_an_end_however_fast_it_is() -> None:
    now = [0.0]
    pace = Pace("it", LIMITS, lambda: now[0])
    now[0] = LIMITS.download_s - 1
    pace.took(1 << 40)
    assert pace.remaining_s() == 1
    now[0] += 1
    with pytest.raises(SourceAwayError, match="slow retrieval: it took more than 21600 s"):
        pace.took(1 << 40)
