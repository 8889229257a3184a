"""Files to a device, checked there, into a folder that does not outlive us."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sagui.deploy.push import commands
from sagui.deploy.push.errors import PushError
from sagui.deploy.push.parcel import Parcel, Piece
from sagui.deploy.push.remote import Ran, Remote
from sagui.deploy.push.states import explained

Tell = Callable[[str, float | None], None]
"""Is told the step, and how much of it is done."""


@asynccontextmanager
async def folder(remote: Remote, *, private: bool) -> AsyncIterator[str]:
    """A folder on the device that is gone after the block, also if the connection is lost or we are killed in it.

    Args:
        remote: The device.
        private: Whether only we and root may look into it; else the agent's user may, too.

    Raises:
        PushError: None can be made.
    """
    async with remote.held(commands.keep_folder(private=private), commands.FOLDER_MARK) as place:
        yield place


async def copy(remote: Remote, parcel: Parcel, place: str, tell: Tell) -> None:
    """Copies all pieces and has the device compare them.

    Raises:
        PushError: A piece did not arrive whole.
    """
    sent = 0

    def advance(count: int) -> None:
        nonlocal sent
        sent += count
        tell("copying", sent / parcel.bytes)

    tell("copying", 0.0)
    if parcel.folders:
        _require(await remote.run(commands.make_folders(place, parcel)), "folders")
    for piece in parcel.pieces:
        await send(remote, piece, f"{place}/{piece.place}", advance)
    tell("checking", None)
    _require(await remote.run(commands.check(place), commands.checksums(parcel)), "copied, but not whole")


async def send(remote: Remote, piece: Piece, path: str, advance: Callable[[int], None]) -> None:
    """Copies one file.

    Raises:
        PushError: It did not arrive whole: the disk is full, or the file changed here meanwhile.
    """
    try:
        ran = await remote.send(commands.receive(path), piece.source, advance)
    except FileNotFoundError as error:
        raise PushError(f"{piece.source}: is gone") from error
    _require(ran, f"{piece.place} cannot be written")
    if (arrived := commands.received_bytes(ran.out)) != piece.bytes:
        raise PushError(f"{piece.place}: {arrived} of {piece.bytes} bytes arrived; push again")


def _require(ran: Ran, what: str) -> None:
    if ran.status != 0:
        raise PushError(explained(ran, what))
