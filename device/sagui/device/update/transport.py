"""Reading a URL of a registry: http, https, or a folder. It believes nothing of what it is told.

Proxies are the system's (``https_proxy``, ``no_proxy``). Redirects lead to http and https alone, and never from https
to http. Compression is not asked for: lengths are signed.
"""

import contextlib
import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast
from urllib.error import URLError
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, UnknownHandler, url2pathname

from sagui.device.errors import SourceAwayError, SourceError
from sagui.device.update.limits import Limits
from sagui.device.update.pace import Deadline
from sagui.device.update.watch import PlainHandler, SecureHandler, Watch

_REDIRECTS = {301, 302, 303, 307, 308}
_LATER = {408, 425, 429}
_NOT_FOUND = 404


class StatusError(SourceError):
    """The server answers, and does not give the file.

    Attributes:
        status: HTTP's number.
    """

    def __init__(self, url: str, status: int) -> None:
        """Takes what was asked for, and the answer."""
        self.status = status
        super().__init__(f"{url} is not there (HTTP {status})")


@dataclass(frozen=True)
class Body:
    """What a URL holds.

    Attributes:
        start: Which byte of the file the pieces begin at: the one asked for, or 0 from a server that gives all.
        pieces: Until the end; raise `SourceAwayError` where it breaks off.
    """

    start: int
    pieces: Iterator[bytes]


def check_registry(url: str) -> str:
    """Gives a registry's address back, if it can be one.

    Raises:
        SourceError: It cannot.

    >>> check_registry("https://models.example.org/pets/")
    'https://models.example.org/pets'
    """
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise SourceError("the registry's address holds a user or password: what is signed needs none; leave it out")
    try:
        is_whole = _is_whole(urlsplit(url))
    except ValueError:  # brackets or a port that are none
        is_whole = False
    if not is_whole:
        raise SourceError(f"registry {url!r} is no address: use https://HOST/PATH, http://HOST/PATH or file:///FOLDER")
    return url.rstrip("/")


def _is_whole(parts: SplitResult) -> bool:
    if parts.query or parts.fragment:
        return False
    if parts.scheme == "file":
        return parts.netloc in {"", "localhost"} and len(parts.path) > 1
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0


@contextmanager
def opened(url: str, start: int, limits: Limits, deadline: Deadline) -> Iterator[Body]:
    """Opens a URL.

    Args:
        url: Of a file.
        start: The first byte that is wanted.
        limits: What it may cost.
        deadline: Until when; the connection is cut then.

    Raises:
        StatusError: The file is not there.
        SourceAwayError: Nobody answers, or too slowly.
    """
    if urlsplit(url).scheme == "file":
        with _opened_file(url, start, limits, deadline) as body:
            yield body
        return
    watch = Watch(limits.silence_s)
    try:
        with contextlib.closing(_request(url, start, limits, deadline, watch)) as response:
            watch.arm(deadline.remaining_s())
            yield Body(_start(url, response, start), _pieces(url, response, limits, deadline, watch))
    finally:
        watch.disarm()


@contextmanager
def _opened_file(url: str, start: int, limits: Limits, deadline: Deadline) -> Iterator[Body]:
    path = Path(url2pathname(urlsplit(url).path))
    try:
        if not path.is_file():
            raise StatusError(url, _NOT_FOUND)
        file = path.open("rb")
        file.seek(start)
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield Body(start, _file_pieces(path, file, limits, deadline))


def _file_pieces(path: Path, file: BinaryIO, limits: Limits, deadline: Deadline) -> Iterator[bytes]:
    try:
        yield from _read(lambda: file.read(limits.chunk_bytes), deadline)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> SourceAwayError:
    return SourceAwayError(f"{path} cannot be read: {error.strerror or error}")


def _read(read: Callable[[], bytes], deadline: Deadline) -> Iterator[bytes]:
    while piece := read():
        deadline.took(len(piece))
        yield piece


def _request(url: str, start: int, limits: Limits, deadline: Deadline, watch: Watch) -> http.client.HTTPResponse:
    """Asks, and follows redirects."""
    for _ in range(limits.redirects + 1):
        response = _ask(url, start, limits, deadline, watch)
        if response.status in _REDIRECTS:
            response.close()
            url = redirected(url, response.headers.get("Location"))
        elif response.status in {200, 206}:
            return response
        else:
            response.close()
            raise _refused(url, response.status)
    raise SourceError(f"{url}: redirected more than {limits.redirects} times")


def _ask(url: str, start: int, limits: Limits, deadline: Deadline, watch: Watch) -> http.client.HTTPResponse:
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", "sagui")]
    for handler in (ProxyHandler(), PlainHandler(watch), SecureHandler(watch), UnknownHandler()):
        opener.add_handler(handler)
    request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310 (http and https alone)
    watch.arm(min(deadline.remaining_s(), limits.connect_s + limits.silence_s))
    try:
        response = opener.open(request, timeout=min(deadline.remaining_s(), limits.connect_s))
    except (OSError, http.client.HTTPException) as error:
        raise _away(url, error, watch) from error
    return cast("http.client.HTTPResponse", response)


def redirected(url: str, location: str | None) -> str:
    """Gives where a redirect leads.

    Raises:
        SourceError: It is not one to follow.
    """
    to = urljoin(url, location or "")
    scheme = urlsplit(to).scheme
    if not location or scheme not in {"http", "https"}:
        raise SourceError(f"{url}: redirected to {location!r}, which is neither http nor https")
    if urlsplit(url).scheme == "https" and scheme != "https":
        raise SourceError(f"{url}: redirected from https to {location}; that is not followed")
    return to


def _refused(url: str, status: int) -> SourceError:
    if status >= 500 or status in _LATER:  # noqa: PLR2004 (RFC 9110, 15.6)
        return SourceAwayError(f"{url}: the server answers HTTP {status}; it may be well later")
    return StatusError(url, status)


def _start(url: str, response: http.client.HTTPResponse, asked: int) -> int:
    if response.status == 200:  # noqa: PLR2004 (RFC 9110, 15.3.1)
        return 0
    given = response.headers.get("Content-Range", "")
    if not asked or not given.startswith(f"bytes {asked}-"):
        raise SourceAwayError(f"{url}: asked for bytes from {asked} on, got {given!r}")
    return asked


def _pieces(
    url: str, response: http.client.HTTPResponse, limits: Limits, deadline: Deadline, watch: Watch
) -> Iterator[bytes]:
    try:
        yield from _read(lambda: response.read1(limits.chunk_bytes), deadline)
    except (OSError, http.client.HTTPException) as error:
        raise _away(url, error, watch) from error
    if watch.fired:
        deadline.remaining_s()
        raise SourceAwayError(f"slow retrieval: {url} did not come in time")
    if response.length:
        raise SourceAwayError(f"{url}: the connection broke off, {response.length} bytes before the end")


def _away(url: str, error: Exception, watch: Watch) -> SourceAwayError:
    reason = error.reason if isinstance(error, URLError) else error
    if watch.fired:
        return SourceAwayError(f"slow retrieval: {url} did not answer in time")
    if isinstance(reason, TimeoutError):
        return SourceAwayError(f"slow retrieval: {url}: nothing came for too long")
    if isinstance(reason, ssl.SSLCertVerificationError) and "not yet valid" in reason.verify_message:
        now = datetime.now(UTC)
        return SourceAwayError(
            f"{url}: its certificate is not valid yet; this device's clock says {now:%Y-%m-%d %H:%M} UTC: is it right?"
        )
    text = reason.strerror if isinstance(reason, OSError) and reason.strerror else reason
    return SourceAwayError(f"{url} cannot be reached: {text or type(reason).__name__}")
