"""Logging in to a device: our key, its key, and why not. Foreign errors end here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from sagui.deploy.push.errors import LinkError, PushError
from sagui.deploy.push.hosts import Host
from sagui.deploy.push.known import KnownHosts
from sagui.deploy.push.remote import Remote
from sagui.deploy.push.ssh import CONNECT_S, Connection, in_words

_KEEPALIVE_S = 10
_END_S = 10


@dataclass(frozen=True)
class Login:
    """How devices let us in: the agent's keys and those in ~/.ssh, or these. A password is never sent.

    Attributes:
        known: The host keys.
        keys: Ours; empty leaves it to the SSH agent and the user's settings.
    """

    known: KnownHosts
    keys: tuple[asyncssh.SSHKey, ...] = ()


def read_identity(path: Path, ask: Callable[[str], str]) -> asyncssh.SSHKey:
    """Reads a private key.

    Args:
        path: OpenSSH's or a PEM file.
        ask: Asks a person for its passphrase, if it has one.

    Raises:
        PushError: It is no key, or the passphrase is another one.
    """
    try:
        return asyncssh.read_private_key(path)
    except OSError as error:
        raise PushError(f"{path}: cannot be read: {error.strerror}") from error
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
        if "passphrase" not in str(error).lower():
            raise PushError(f"{path}: is no private key: {error}") from error
    return _opened(path, ask(f"Passphrase of {path}"))


def _opened(path: Path, passphrase: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.read_private_key(path, passphrase)
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
        raise PushError(f"{path}: cannot be opened: {error}; load it into an SSH agent: ssh-add {path}") from error


@asynccontextmanager
async def connected(host: Host, login: Login) -> AsyncIterator[Remote]:
    """Logs in to a device for as long as the block.

    Raises:
        LinkError: It cannot be reached, is not the one that is known, or does not let us in; or it goes away.
    """
    client = _Client(login.known)
    connection = await _connect(host, login, client)
    try:
        if client.new is not None:
            login.known.remember(client.name, client.port, client.new)
        yield Connection(connection)
    finally:
        connection.close()
        await _closed(connection)


async def _closed(connection: asyncssh.SSHClientConnection) -> None:
    try:
        async with asyncio.timeout(_END_S):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()


async def _connect(host: Host, login: Login, client: "_Client") -> asyncssh.SSHClientConnection:
    with _translated(host, client):
        try:
            connection, _ = await asyncssh.create_connection(
                lambda: client,
                host.name,
                host.port or (),
                username=host.user or (),
                known_hosts=client.trusted,
                client_keys=list(login.keys) or (),
                password_auth=False,
                kbdint_auth=False,
                connect_timeout=CONNECT_S,
                login_timeout=CONNECT_S,
                keepalive_interval=_KEEPALIVE_S,
            )
        except (asyncssh.KeyExchangeFailed, asyncssh.ConnectionLost, ConnectionError):
            await _probe(host, login, client)
            raise
    return connection


async def _probe(host: Host, login: Login, client: "_Client") -> None:
    """Looks whether a device ended the talk because it has no key of the kinds that we know of it."""
    if client.refusal is not None or not client.name or not login.known.keys(client.name, client.port)[0]:
        return
    with suppress(TimeoutError, asyncssh.Error, OSError, ValueError):
        async with asyncio.timeout(CONNECT_S):
            key = await asyncssh.get_server_host_key(host.name, host.port or ())
        if key is not None:
            client.validate_host_public_key(client.name, "", client.port or 0, key)


class _Client(asyncssh.SSHClient):
    """Decides about host keys, and remembers why one was refused.

    Attributes:
        name: Of the device, after the user's SSH settings.
        port: Likewise.
        new: A key that was trusted at first sight.
        refusal: Why the key was not taken.
    """

    def __init__(self, known: KnownHosts) -> None:
        self._known = known
        self.name = ""
        self.port: int | None = None
        self.new: asyncssh.SSHKey | None = None
        self.refusal: str | None = None

    def trusted(self, name: str, _address: str, port: int | None) -> object:
        self.name, self.port = name, port
        return self._known.keys(name, port)

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        name = self.name or host
        self.refusal = self._known.refusal(name, self.port, key)
        self.new = None if self.refusal else key
        return self.refusal is None


@contextmanager
def _translated(host: Host, client: _Client) -> Iterator[None]:
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as error:
        raise LinkError(client.refusal or f"its host key cannot be trusted: {in_words(error)}") from error
    except asyncssh.PermissionDenied as error:
        raise LinkError(
            f"does not let us in: no key of ours is accepted there. Give it one: ssh-copy-id {host}, "
            "or name another with --identity"
        ) from error
    except (TimeoutError, asyncssh.Error, OSError, ValueError) as error:
        if client.refusal is not None:
            raise LinkError(client.refusal) from error
        raise LinkError(f"cannot be reached: {in_words(error)}; is it switched on, and in this network?") from error
