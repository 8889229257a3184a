"""The adapter of `Remote`: asyncssh. Foreign errors end here."""

import asyncio
import os
import shlex
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncssh

from sagui.deploy.push.errors import LinkError, PushError
from sagui.deploy.push.remote import Ran, printable

CONNECT_S = 20
"""How long a device may take until it answers, and again until it has let us in."""

_END_S = 10
_CHUNK_BYTES = 1 << 16
_LONGEST_ANSWER_BYTES = 1 << 20

_Process = asyncssh.SSHClientProcess[bytes]
_Reader = asyncssh.SSHReader[bytes]


def in_words(error: Exception) -> str:
    """Says why something foreign failed, in one line."""
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_S} s"
    if isinstance(error, socket.gaierror):
        return "nobody knows this name"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    # asyncio joins the errors of several addresses to one without a number.
    return printable(str(error) or type(error).__name__)


class Connection:
    """A device that we are logged in to; see `Remote`."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        self._connection = connection

    async def run(self, command: Sequence[str], feed: bytes = b"") -> Ran:
        """See `Remote.run`."""
        async with self._process(command) as process:
            if feed:
                process.stdin.write(feed)
            process.stdin.write_eof()
            return await _finished(process)

    async def work(self, command: Sequence[str]) -> Ran:
        """See `Remote.work`."""
        async with self._process(command) as process:
            return await _finished(process)

    async def send(self, command: Sequence[str], source: Path, tell: Callable[[int], None]) -> Ran:
        """See `Remote.send`."""
        async with self._process(command) as process:
            finished = asyncio.create_task(_finished(process))
            try:
                await _pour(source, process, tell)
                return await finished
            finally:
                finished.cancel()

    @asynccontextmanager
    async def held(self, command: Sequence[str], mark: str) -> AsyncIterator[str]:
        """See `Remote.held`."""
        async with self._process(command) as process:
            yield await _marked(process, mark)

    @asynccontextmanager
    async def _process(self, command: Sequence[str]) -> AsyncIterator[_Process]:
        with _cut():
            process: _Process = await self._connection.create_process(shlex.join(command), encoding=None)
            try:
                yield process
            finally:
                await _ended(process)


@contextmanager
def _cut() -> Iterator[None]:
    try:
        yield
    except (asyncssh.Error, BrokenPipeError, ConnectionError) as error:
        raise LinkError(
            f"the connection was cut: {in_words(error)}; push again, nothing is left half-way there"
        ) from error


async def _marked(process: _Process, mark: str) -> str:
    """Waits for the line that begins so; a login script may print lines of its own before it."""
    while line := await process.stdout.readline():
        text = line.decode(errors="replace")
        if text.startswith(mark):
            return text.removeprefix(mark).rstrip("\n")
    ran = await _finished(process)
    raise PushError(f"no folder can be made there: {ran.reason}")


async def _pour(source: Path, process: _Process, tell: Callable[[int], None]) -> None:
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if process.stdin.is_closing():  # its own words say why
                return
            process.stdin.write(chunk)
            try:
                await process.stdin.drain()
            except BrokenPipeError:
                return
            tell(len(chunk))
    process.stdin.write_eof()


async def _finished(process: _Process) -> Ran:
    out, err = await asyncio.gather(_read(process.stdout), _read(process.stderr))
    await process.wait_closed()
    if process.returncode is None:
        raise LinkError("the connection was cut; push again, nothing is left half-way there")
    return Ran(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


async def _read(reader: _Reader) -> bytes:
    """Reads to the end, and keeps as much as an answer may be long."""
    kept = b""
    while chunk := await reader.read(_CHUNK_BYTES):
        kept += chunk[: _LONGEST_ANSWER_BYTES - len(kept)]
    return kept


async def _ended(process: _Process) -> None:
    """Closes a command's input, which ends what `commands.guarded` and `keep_folder` began, and waits for it."""
    if process.exit_status is None and not process.is_closing():
        try:
            process.stdin.write_eof()
            async with asyncio.timeout(_END_S):
                await process.wait_closed()
        except (TimeoutError, asyncssh.Error, BrokenPipeError):
            pass
    process.close()
