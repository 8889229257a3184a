"""Which devices a person named. Pure rules, no I/O."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sagui.deploy.push.errors import PushError

SSH_PORT = 22
_LAST_PORT = 0xFFFF
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?")
# Never a dash in front: what is shown in a command to copy must not be read as an option.
_NAME = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:%-]*")


@dataclass(frozen=True)
class Host:
    """A device as SSH reaches it.

    Attributes:
        name: A host name, an address, or an alias of the SSH client's settings.
        user: None leaves it to the SSH client's settings.
        port: Likewise.
    """

    name: str
    user: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        """Gives what a person would type.

        >>> str(Host("fe80::1", "pi", 2222))
        'pi@[fe80::1]:2222'
        """
        name = f"[{self.name}]" if ":" in self.name and self.port else self.name
        return f"{self.user}@" * (self.user is not None) + name + f":{self.port}" * (self.port is not None)

    @property
    def machine(self) -> tuple[str, int]:
        """What two spellings of the same device have in common."""
        return self.name.lower().rstrip("."), self.port or SSH_PORT


def parse_host(text: str) -> Host:
    """Reads ``[USER@]HOST[:PORT]``; an IPv6 address with a port is put in brackets.

    >>> parse_host("pi@porch:2222")
    Host(name='porch', user='pi', port=2222)
    >>> parse_host("fe80::1")
    Host(name='fe80::1', user=None, port=None)

    Raises:
        PushError: It is nothing of the kind.
    """
    user, at, rest = text.rpartition("@")
    name, port = _split_port(rest)
    if (at and not _USER.fullmatch(user)) or not _NAME.fullmatch(name) or not _is_port(port):
        raise PushError(f"{text!r} is no device: write USER@HOST or USER@HOST:PORT, such as pi@porch.local")
    return Host(name, user if at else None, None if port is None else int(port))


def _split_port(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        name, _, port = text[1:].partition("]")
        return name, port.removeprefix(":") if port else None
    if text.count(":") > 1:  # a bare IPv6 address
        return text, None
    name, colon, port = text.partition(":")
    return name, port if colon else None


def _is_port(text: str | None) -> bool:
    if text is None:
        return True
    return text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PORT)) and 0 < int(text) <= _LAST_PORT


def parse_list(text: str, where: str) -> tuple[Host, ...]:
    """Reads a device a line; empty lines, and what follows a ``#``, are skipped.

    Args:
        text: The lines.
        where: Named in errors, with the line's number.

    Raises:
        PushError: A line is no device, or none is there.
    """
    hosts = []
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        try:
            hosts.append(parse_host(written))
        except PushError as error:
            raise PushError(f"{where}:{number}: {error}") from error
    if not hosts:
        raise PushError(f"{where}: names no device; write one a line, such as pi@porch.local")
    return tuple(hosts)


def distinct(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """Gives the devices back if each is there once.

    Raises:
        PushError: One is there twice, or there is none.
    """
    seen: dict[tuple[str, int], Host] = {}
    for host in hosts:
        before = seen.setdefault(host.machine, host)
        if before is not host:
            raise PushError(f"{host} is the same device as {before}: name each device once")
    if not seen:
        raise PushError("no device is named: sagui push pi@HOST MODEL.sagui ..., or --hosts FILE")
    return tuple(seen.values())
